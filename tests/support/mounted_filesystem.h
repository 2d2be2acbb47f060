// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fcntl.h>
#include <linux/falloc.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fs/filesystem.h"
#include "store/memory_store.h"
#include "support/manual_kernel.h"

namespace faultline::test {

// A file system on a memory store and a kernel without pages, with calls that return what their
// completion was given. Strings stand for bytes. Requests get ascending numbers.
class MountedFilesystem {
 public:
  struct Options {
    store::MemoryStore::Options store{.manual_commit = true};
    fs::Options fs;
  };
  MountedFilesystem() : MountedFilesystem(Options{}) {}
  explicit MountedFilesystem(const Options& options);
  ~MountedFilesystem();

  store::MemoryStore& store() { return *store_; }
  fs::Filesystem& fs() { return *fs_; }
  fs::Filesystem* operator->() { return fs_.get(); }
  ManualKernel& kernel() { return kernel_; }

  // As after power loss. References, pages and what was not committed are gone.
  void Crash();
  // As umount and mount: everything is durable.
  void Remount();

  fs::Request NextRequest();

  // The inode, referenced once. FL_CHECKs that it worked.
  InodeId MakeFile(std::string_view name, InodeId parent = kRootInode);
  InodeId MakeDirectory(std::string_view name, InodeId parent = kRootInode);

  // Errors are errnos; 0 is success.
  int Write(InodeId ino, uint64_t offset, std::string_view data,
            fs::WriteKind kind = fs::WriteKind::kBuffered,
            std::optional<fs::Request> request = std::nullopt);
  int Truncate(InodeId ino, uint64_t size);
  int Fallocate(InodeId ino, int mode, ByteRange range);
  int Punch(InodeId ino, ByteRange range) {
    return Fallocate(ino, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range);
  }
  int Zero(InodeId ino, ByteRange range, bool keep_size = false) {
    return Fallocate(ino, FALLOC_FL_ZERO_RANGE | (keep_size ? FALLOC_FL_KEEP_SIZE : 0), range);
  }
  Result<size_t> Copy(InodeId in, uint64_t in_offset, InodeId out, uint64_t out_offset,
                      uint64_t size);
  int Fsync(InodeId ino);

  Result<std::string> TryRead(InodeId ino, ByteRange range,
                              fs::ReadKind kind = fs::ReadKind::kDirect);
  // FL_CHECKs that it worked.
  std::string Read(InodeId ino, ByteRange range, fs::ReadKind kind = fs::ReadKind::kDirect);
  std::string ReadAll(InodeId ino);
  fs::Attributes Stat(InodeId ino);

  // Blocks that the extent records of the inode name.
  uint64_t MappedBlocks(InodeId ino);

 private:
  void Mount();

  const Options options_;
  std::unique_ptr<store::MemoryStore> store_;
  ManualKernel kernel_;
  std::unique_ptr<fs::Filesystem> fs_;
  std::atomic<uint64_t> unique_{0};
};

// What a Result<> or Result<T> says, as an errno.
template <typename T>
int ErrnoOf(const Result<T>& result) {
  return result ? 0 : result.error().code();
}

}  // namespace faultline::test
