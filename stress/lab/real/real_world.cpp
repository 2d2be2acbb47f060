// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/real/real_world.h"

#include <fmt/format.h>
#include <linux/falloc.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace faultline::lab {
namespace {

using Kind = ByteHistory::Kind;

// Where a page is looked at: at its ends, and where the actors' ranges have theirs.
constexpr uint64_t kLooks[] = {0, 10, 20, 50, 100, 120, kBlockSize - 1};

std::string Where(uint64_t offset) {
  return fmt::format("{}+{}", offset / kBlockSize, offset % kBlockSize);
}

}  // namespace

RealWorld::RealWorld(TurnScheduler& scheduler, const Shape& shape)
    : scheduler_(scheduler),
      shape_(shape),
      store_({.volume_blocks = shape.volume_blocks, .reserve_blocks = 2, .manual_commit = true}) {
  auto opened = fs::Filesystem::Open(store_, kernel_, {});
  FL_CHECK(opened, "{}", opened.error().ToString());
  fs_ = *std::move(opened);
  kernel_.Connect(fs_.get());
  ino_ = fs_->Create({}, kRootInode, "file", 0644)->ino;
  other_ = fs_->Create({}, kRootInode, "other", 0644)->ino;
  kernel_.Open(ino_, 0);
  kernel_.Open(other_, 0);
  history_.EndWrite(history_.BeginWrite({0, Size()}, 'o'));
  const uint64_t step = shape.page_by_page ? kBlockSize : Size();
  for (uint64_t at = 0; at < Size(); at += step)
    FL_CHECK(kernel_.Write(ino_, at, std::string(step, 'o')) == 0);
  FL_CHECK(kernel_.Write(other_, 0, std::string(kBlockSize, 'c')) == 0);
  kernel_.DropClean(ino_, {0, kEndOfFile});
  kernel_.StartNotifier();
  scheduler_.Settle();
}

RealWorld::~RealWorld() {
  kernel_.StopNotifier();
  (void)fs_->Shutdown();
}

void RealWorld::Say(std::string text) {
  notes_.push_back({scheduler_.turns().size(), {}, std::move(text)});
  notes_.back().actor = scheduler_.Running();
}

void RealWorld::Fail(std::string why) {
  Say(why);
  if (!failure_) failure_ = std::move(why);
}

void RealWorld::CheckError(int error, std::string_view call) {
  if (error != 0) Fail(fmt::format("{} fails: {}", call, std::strerror(error)));
}

void RealWorld::CheckByte(uint64_t offset, char value, uint64_t begin) {
  if (auto wrong = history_.Judge(offset, value, begin)) Fail(*wrong);
}

char RealWorld::Load(uint64_t offset) {
  Say("load " + Where(offset));
  const uint64_t begin = history_.Now();
  const Result<std::string> loaded = kernel_.Load(ino_, offset, 1);
  if (!loaded && loaded.error().code() == EFAULT) return '?';
  if (!loaded) return CheckError(loaded.error().code(), "load"), '?';
  Say(fmt::format("load {}: {}", Where(offset), Printable(loaded->front())));
  CheckByte(offset, loaded->front(), begin);
  return loaded->front();
}

ByteHistory::Id RealWorld::Store(uint64_t offset, char value) {
  Say(fmt::format("store {} at {}", Printable(value), Where(offset)));
  const auto id = history_.BeginWrite({offset, offset + 1}, value, Kind::kMappedStore);
  const int error = kernel_.Store(ino_, offset, std::string(1, value));
  if (error == 0) return history_.EndWrite(id), Say("stored"), id;
  history_.Withdraw(id);
  if (error != EFAULT) CheckError(error, "store");
  return ByteHistory::kNone;
}

void RealWorld::WriteBack() {
  Say("writeback");
  kernel_.WriteBack(ino_, {0, kEndOfFile});
  Say("writeback returns");
}

void RealWorld::DropClean() {
  Say("drop clean pages");
  kernel_.DropClean(ino_, {0, kEndOfFile});
}

void RealWorld::Commit() {
  Say("commit");
  if (Result<> done = store_.Commit(); !done) CheckError(done.error().code(), "commit");
}

void RealWorld::Write(uint64_t offset, uint64_t size, char value) {
  Say(fmt::format("write {}..+{} {}", Where(offset), size, Printable(value)));
  const auto id = history_.BeginWrite(ByteRange::OfSize(offset, size), value);
  CheckError(kernel_.Write(ino_, offset, std::string(size, value)), "write");
  history_.EndWrite(id);
  Say("write returns");
}

void RealWorld::WriteDirect(uint64_t offset, uint64_t size, char value) {
  Say(fmt::format("direct write {}..+{} {}", Where(offset), size, Printable(value)));
  const auto id = history_.BeginWrite(ByteRange::OfSize(offset, size), value, Kind::kKiller);
  CheckError(kernel_.WriteDirect(ino_, offset, std::string(size, value)), "direct write");
  history_.EndWrite(id);
  Say("direct write returns");
}

// Of the file system itself, as an O_DIRECT read beyond what the kernel knows of the size.
void RealWorld::ReadDirect(uint64_t offset) {
  Say("direct read " + Where(offset));
  const uint64_t begin = history_.Now();
  const std::string bytes = Stored(ino_, offset);
  if (!bytes.empty()) CheckByte(offset, bytes.front(), begin);
}

void RealWorld::Fallocate(int mode, ByteRange range) {
  Say(fmt::format("{} [{}, {})", (mode & FALLOC_FL_ZERO_RANGE) != 0 ? "zero" : "punch",
                  Where(range.begin), Where(range.end)));
  const auto id = history_.BeginWrite(range, '\0', Kind::kKiller);
  CheckError(kernel_.Fallocate(ino_, mode | FALLOC_FL_KEEP_SIZE, range), "fallocate");
  history_.EndWrite(id);
  Say("fallocate returns");
}

void RealWorld::Truncate(uint64_t size) {
  Say("truncate to " + Where(size));
  const auto id = history_.BeginWrite({size, kEndOfFile}, '\0', Kind::kKiller);
  CheckError(kernel_.Truncate(ino_, size), "truncate");
  history_.EndWrite(id);
  Say("truncate returns");
}

void RealWorld::Copy(uint64_t offset, uint64_t size) {
  Say(fmt::format("copy to {}..+{}", Where(offset), size));
  const auto id = history_.BeginWrite(ByteRange::OfSize(offset, size), 'c', Kind::kKiller);
  const Result<size_t> copied = kernel_.Copy(other_, 0, ino_, offset, size);
  if (!copied) CheckError(copied.error().code(), "copy_file_range");
  history_.EndWrite(id);
  Say("copy returns");
}

void RealWorld::FillOther(uint64_t offset, uint64_t pages) {
  Say("write the other file");
  CheckError(kernel_.Write(other_, offset, std::string(pages * kBlockSize, 'n')), "write");
}

void RealWorld::Unlink() {
  Say("unlink");
  if (Result<> done = fs_->Unlink(kRootInode, "file"); !done)
    CheckError(done.error().code(), "unlink");
}

void RealWorld::Follow(uint64_t offset, char value) {
  const char seen = Load(offset);
  const auto writer = history_.WriterOf(offset, seen);
  if (seen == 'o' || seen == '?' || writer == ByteHistory::kNone) return;
  const auto id = Store(offset, value);
  if (id == ByteHistory::kNone) return;
  WriteBack();
  history_.Follows(id, writer);
}

std::string RealWorld::Stored(InodeId ino, uint64_t offset) {
  Result<fs::ReadReply> reply = fs_->Read(ino, {offset, offset + 1}, fs::ReadKind::kDirect);
  if (!reply) return CheckError(reply.error().code(), "read"), std::string();
  return {reinterpret_cast<const char*>(reply->Bytes().data()), reply->Bytes().size()};
}

void RealWorld::JudgeByte(uint64_t offset) {
  const char cached = Load(offset);
  kernel_.WriteBack(ino_, {0, kEndOfFile});
  const std::string stored = Stored(ino_, offset);
  if (stored.size() != 1 || stored.front() != cached)
    Fail(fmt::format("byte {} is {} in the page cache and {} in the store", Where(offset),
                     Printable(cached), stored.empty() ? "missing" : Printable(stored.front())));
}

void RealWorld::Judge() {
  const Result<fs::Attributes> attributes = fs_->GetAttributes(ino_);
  if (!attributes) return CheckError(attributes.error().code(), "stat");
  if (attributes->size != kernel_.Size(ino_))
    Fail(fmt::format("the size is {} in the kernel and {} in the file system", kernel_.Size(ino_),
                     attributes->size));
  if (attributes->size < Size()) CheckError(kernel_.Truncate(ino_, Size()), "truncate");
  for (uint64_t page = 0; page < std::min<uint64_t>(shape_.pages, 4); ++page)
    for (const uint64_t look : kLooks)
      if (!failure_) JudgeByte(page * kBlockSize + look);
}

}  // namespace faultline::lab
