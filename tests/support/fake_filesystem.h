// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "fs/filesystem.h"

namespace faultline::test {

/// A file system in memory behind one mutex: enough to be mounted. What a test wants to know about
/// the requests that reached it is public. Kills no pages: it is no judge of coherence.
class FakeFilesystem final : public fs::Filesystem {
 public:
  explicit FakeFilesystem(fs::KernelCache& kernel);

  Result<fs::Attributes> Lookup(InodeId parent, std::string_view name) override;
  void Forget(InodeId ino, uint64_t count) override;
  Result<fs::Attributes> Create(const fs::Request& request, InodeId parent, std::string_view name,
                                uint32_t mode) override;
  Result<fs::Attributes> Mkdir(const fs::Request& request, InodeId parent, std::string_view name,
                               uint32_t mode) override;
  Result<> Unlink(InodeId parent, std::string_view name) override;
  Result<> Rmdir(InodeId parent, std::string_view name) override;
  Result<> Rename(InodeId parent, std::string_view name, InodeId new_parent,
                  std::string_view new_name, uint32_t flags) override;
  Result<std::vector<fs::DirectoryEntry>> ReadDirectory(InodeId ino, uint64_t cookie, size_t limit,
                                                        bool plus) override;
  Result<fs::Attributes> GetAttributes(InodeId ino) override;
  Result<fs::Attributes> SetAttributes(const fs::Request& request, InodeId ino,
                                       const fs::AttributeChange& change) override;
  Result<> OpenFile(InodeId ino, int flags) override;
  void ReleaseFile(InodeId ino, int flags) override;
  Result<fs::ReadReply> Read(InodeId ino, ByteRange range, fs::ReadKind kind) override;
  void Write(const fs::Request& request, InodeId ino, fs::WriteKind kind, uint64_t offset,
             std::span<const std::byte> data, bool kill_suid_sgid,
             fs::Completion<size_t> done) override;
  void Fallocate(const fs::Request& request, InodeId ino, int mode, ByteRange range,
                 fs::Completion<> done) override;
  void CopyFileRange(const fs::Request& request, InodeId in, uint64_t in_offset, InodeId out,
                     uint64_t out_offset, uint64_t size, fs::Completion<size_t> done) override;
  Result<uint64_t> Seek(InodeId ino, uint64_t offset, int whence) override;
  void Fsync(InodeId ino, bool data_only, fs::Completion<> done) override;
  fs::FilesystemUsage Usage() const override;
  Result<> Shutdown() override;

  struct Seen {
    std::map<fs::ReadKind, int> reads;
    std::map<fs::WriteKind, int> writes;
    uint64_t last_write = 0;  // `unique`, and its horizon
    uint64_t last_horizon = 0;
    int kills_of_suid = 0;
    int unaligned_payloads = 0;  // of whole-page writes
    int64_t references = 0;      // Lookup, Create, ... minus Forget
    int open_files = 0;
    bool shut_down = false;
  };
  Seen seen() const;
  /// The next Fsync throws std::bad_alloc.
  void ThrowFromFsync();
  /// Every READ waits until Release.
  void HoldReads();
  void ReleaseReads();

 private:
  struct Node {
    fs::Attributes attributes;
    std::string data;
    std::map<std::string, InodeId, std::less<>> children;
  };
  Result<Node*> Directory(InodeId ino);
  Result<fs::Attributes> MakeLocked(const fs::Request& request, InodeId parent,
                                    std::string_view name, uint32_t mode);
  Result<> RemoveLocked(InodeId parent, std::string_view name);
  void ResizeLocked(Node& node, uint64_t size);

  fs::KernelCache& kernel_;
  lock::GracePeriod readers_;
  mutable std::mutex mu_;
  std::condition_variable released_;
  bool hold_reads_ = false;
  bool throw_from_fsync_ = false;
  std::map<InodeId, Node> nodes_;
  uint64_t next_ino_ = 2;
  Seen seen_;
};

}  // namespace faultline::test
