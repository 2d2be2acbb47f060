// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/reply.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "base/check.h"
#include "base/log.h"
#include "fuse/fuse_api.h"
#include "store/records.h"

namespace faultline::fuse {
namespace {

timespec ToTimespec(const fs::Timestamp& time) {
  return {time.seconds, static_cast<long>(time.nanoseconds)};
}

bool MeansDamage(int error) { return error == EIO || error == EUCLEAN || error == ENOMEM; }

// The kernel takes 1 to 511.
int Sendable(int error) { return error > 0 && error < 512 ? error : EIO; }

}  // namespace

double CachePolicy::AttributeSeconds(const fs::Attributes& attributes) const {
  return writeback_cache && S_ISREG(attributes.mode) ? 1.0 : kForever;
}

fuse_entry_param ToEntry(const fs::Attributes& attributes, const CachePolicy& policy) {
  fuse_entry_param entry{};
  entry.ino = Raw(attributes.ino);
  entry.generation = attributes.generation;
  entry.attr = ToStat(attributes);
  entry.attr_timeout = policy.AttributeSeconds(attributes);
  entry.entry_timeout = CachePolicy::kForever;
  return entry;
}

struct stat ToStat(const fs::Attributes& attributes) {
  struct stat st {};
  st.st_ino = Raw(attributes.ino);
  st.st_mode = attributes.mode;
  st.st_nlink = attributes.nlink;
  st.st_uid = attributes.uid;
  st.st_gid = attributes.gid;
  st.st_rdev = attributes.rdev;
  st.st_size = static_cast<off_t>(attributes.size);
  st.st_blocks = static_cast<blkcnt_t>(attributes.blocks * (kBlockSize / 512));
  st.st_blksize = kBlockSize;
  st.st_atim = ToTimespec(attributes.atime);
  st.st_mtim = ToTimespec(attributes.mtime);
  st.st_ctim = ToTimespec(attributes.ctime);
  return st;
}

Reply::Reply(const Message& message, const CachePolicy& policy)
    : opcode_(message.Opcode()), ino_(message.Ino()), policy_(policy) {}

Reply::~Reply() {
  if (!Pending()) return;
  LogError("{} of inode {} was never answered", OpcodeName(opcode_), Raw(ino_));
  fuse_reply_err(Take(), EIO);
}

fuse_req* Reply::Take() {
  fuse_req* request = request_.exchange(nullptr);
  FL_CHECK(request != nullptr, "{} of inode {} was answered twice", OpcodeName(opcode_), Raw(ino_));
  return request;
}

void Reply::Log(const Error& error) const {
  LogError("{} of inode {}: {}", OpcodeName(opcode_), Raw(ino_), error.ToString());
}

void Reply::Fail(const Error& error) {
  if (MeansDamage(error.code())) Log(error);
  fuse_reply_err(Take(), Sendable(error.code()));
}

void Reply::Ok() { fuse_reply_err(Take(), 0); }

void Reply::None() { fuse_reply_none(Take()); }

void Reply::Entry(const fs::Attributes& attributes) {
  const fuse_entry_param entry = ToEntry(attributes, policy_);
  fuse_reply_entry(Take(), &entry);
}

void Reply::NoEntry() {
  fuse_entry_param entry{};
  entry.entry_timeout = CachePolicy::kForever;
  fuse_reply_entry(Take(), &entry);
}

bool Reply::Created(const fs::Attributes& attributes, const fuse_file_info& file) {
  const fuse_entry_param entry = ToEntry(attributes, policy_);
  return fuse_reply_create(Take(), &entry, &file) != -ENOENT;
}

bool Reply::Opened(const fuse_file_info& file) { return fuse_reply_open(Take(), &file) != -ENOENT; }

void Reply::Attributes(const fs::Attributes& attributes) {
  const struct stat st = ToStat(attributes);
  fuse_reply_attr(Take(), &st, policy_.AttributeSeconds(attributes));
}

void Reply::Bytes(std::span<const std::byte> bytes) {
  fuse_reply_buf(Take(), reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void Reply::Written(size_t bytes) { fuse_reply_write(Take(), bytes); }

void Reply::Position(uint64_t offset) { fuse_reply_lseek(Take(), static_cast<off_t>(offset)); }

void Reply::Usage(const fs::FilesystemUsage& usage) {
  struct statvfs st {};
  st.f_bsize = kBlockSize;
  st.f_frsize = kBlockSize;
  st.f_blocks = usage.total_blocks;
  st.f_bfree = usage.free_blocks;
  st.f_bavail = usage.available_blocks;
  st.f_files = usage.inodes + usage.free_inodes;
  st.f_ffree = usage.free_inodes;
  st.f_favail = usage.free_inodes;
  st.f_namemax = store::kMaxNameLength;
  fuse_reply_statfs(Take(), &st);
}

void Reply::Ioctl(std::span<const std::byte> output) {
  fuse_reply_ioctl(Take(), 0, output.data(), output.size());
}

bool Reply::Interrupt() {
  interrupted_.store(true);
  fuse_req* request = request_.exchange(nullptr);
  if (request != nullptr) fuse_reply_err(request, EINTR);
  return request != nullptr;
}

void Reply::Finish(const Result<>& result) {
  fuse_req* request = request_.exchange(nullptr);
  if (request == nullptr) {
    FL_CHECK(interrupted_.load(), "{} of inode {} was answered twice", OpcodeName(opcode_),
             Raw(ino_));
    return;
  }
  if (!result && MeansDamage(result.error().code())) Log(result.error());
  fuse_reply_err(request, result ? 0 : Sendable(result.error().code()));
}

void Reply::FinishWritten(const Result<size_t>& result) {
  if (result) return Written(*result);
  Fail(result.error());
}

}  // namespace faultline::fuse
