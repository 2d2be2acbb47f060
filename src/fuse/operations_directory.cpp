// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/stat.h>

#include <vector>

#include "fuse/operations.h"

namespace faultline::fuse {
namespace {

// Sizes of an entry with a name of usual length. A guess: what does not fit is asked for again.
constexpr size_t kUsualEntry = 40;
constexpr size_t kUsualEntryPlus = 168;

bool IsDotOrDotDot(const fs::DirectoryEntry& entry) {
  return entry.name == "." || entry.name == "..";
}

// Type and number: all that readdir(3) shows.
struct stat BriefStat(const fs::DirectoryEntry& entry) {
  struct stat st {};
  st.st_ino = Raw(entry.ino);
  st.st_mode = static_cast<mode_t>(entry.type) << 12;
  return st;
}

// The page of a directory that is sent in one reply.
class EntryBuffer {
 public:
  EntryBuffer(size_t size, const CachePolicy& policy) : bytes_(size), policy_(policy) {}

  // False: it does not fit.
  bool Add(const fs::DirectoryEntry& entry) {
    const struct stat st = BriefStat(entry);
    return Advance(fuse_add_direntry(nullptr, End(), Room(), entry.name.c_str(), &st,
                                     static_cast<off_t>(entry.cookie)));
  }

  bool AddPlus(const fs::DirectoryEntry& entry) {
    fuse_entry_param param{};
    if (entry.attributes && !IsDotOrDotDot(entry))
      param = ToEntry(*entry.attributes, policy_);
    else
      param.attr = BriefStat(entry);  // number 0: without a reference, only to be shown
    return Advance(fuse_add_direntry_plus(nullptr, End(), Room(), entry.name.c_str(), &param,
                                          static_cast<off_t>(entry.cookie)));
  }

  std::span<const std::byte> Bytes() const {
    return std::as_bytes(std::span(bytes_.data(), used_));
  }

 private:
  char* End() { return bytes_.data() + used_; }
  size_t Room() const { return bytes_.size() - used_; }
  bool Advance(size_t size) {
    if (size > Room()) return false;
    used_ += size;
    return true;
  }

  std::vector<char> bytes_;
  const CachePolicy& policy_;
  size_t used_ = 0;
};

void Opendir(Call& call, fuse_ino_t, fuse_file_info* file) { call.Reply().Opened(*file); }

void Releasedir(Call& call, fuse_ino_t, fuse_file_info*) { call.Reply().Ok(); }

void Readdir(Call& call, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) {
  Result<std::vector<fs::DirectoryEntry>> entries = call.Filesystem().ReadDirectory(
      InodeId{ino}, static_cast<uint64_t>(offset), size / kUsualEntry + 1, false);
  if (!entries) return call.Reply().Fail(entries.error());
  EntryBuffer buffer(size, call.Server().cache);
  for (const fs::DirectoryEntry& entry : *entries)
    if (!buffer.Add(entry)) break;
  call.Reply().Bytes(buffer.Bytes());
}

void Readdirplus(Call& call, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) {
  Result<std::vector<fs::DirectoryEntry>> entries = call.Filesystem().ReadDirectory(
      InodeId{ino}, static_cast<uint64_t>(offset), size / kUsualEntryPlus + 1, true);
  if (!entries) return call.Reply().Fail(entries.error());
  EntryBuffer buffer(size, call.Server().cache);
  bool fits = true;
  for (const fs::DirectoryEntry& entry : *entries) {
    fits = fits && buffer.AddPlus(entry);
    // The reference of an entry that the kernel does not get is ours to give back.
    if (!fits && entry.attributes && !IsDotOrDotDot(entry)) call.Filesystem().Forget(entry.ino, 1);
  }
  call.Reply().Bytes(buffer.Bytes());
}

void Fsyncdir(Call& call, fuse_ino_t ino, int data_only, fuse_file_info*) {
  call.Filesystem().Fsync(InodeId{ino}, data_only != 0, [call = CallScope::Share()](Result<> done) {
    call->Reply().Finish(done);
  });
}

}  // namespace

void AddDirectoryOperations(fuse_lowlevel_ops& ops) {
  ops.opendir = kEntry<Opendir>;
  ops.releasedir = kEntry<Releasedir>;
  ops.readdir = kEntry<Readdir>;
  ops.readdirplus = kEntry<Readdirplus>;
  ops.fsyncdir = kEntry<Fsyncdir>;
}

}  // namespace faultline::fuse
