// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string_view>

#include "fs/extent_update.h"
#include "fs/filesystem.h"
#include "fs/inode_table.h"
#include "fs/orphan_collector.h"
#include "fs/page_killer.h"
#include "fs/small_mover.h"

namespace faultline::fs {

// One file per long operation in fs/ops; what is shared by several is below. See Filesystem for the
// contracts.
class FilesystemImpl final : public Filesystem {
 public:
  FilesystemImpl(store::Store& store, KernelCache& kernel, const Options& options);
  ~FilesystemImpl() override;

  // ops/lookup.cpp
  Result<Attributes> Lookup(InodeId parent, std::string_view name) override;
  void Forget(InodeId ino, uint64_t count) override;
  Result<std::vector<DirectoryEntry>> ReadDirectory(InodeId ino, uint64_t cookie, size_t limit,
                                                    bool plus) override;
  // ops/create.cpp
  Result<Attributes> Create(const Request& request, InodeId parent, std::string_view name,
                            uint32_t mode) override;
  Result<Attributes> Mkdir(const Request& request, InodeId parent, std::string_view name,
                           uint32_t mode) override;
  // ops/unlink.cpp
  Result<> Unlink(InodeId parent, std::string_view name) override;
  Result<> Rmdir(InodeId parent, std::string_view name) override;
  // ops/rename.cpp
  Result<> Rename(InodeId parent, std::string_view name, InodeId new_parent,
                  std::string_view new_name, uint32_t flags) override;
  // ops/attributes.cpp
  Result<Attributes> GetAttributes(InodeId ino) override;
  Result<Attributes> SetAttributes(const Request& request, InodeId ino,
                                   const AttributeChange& change) override;
  Result<> OpenFile(InodeId ino, int flags) override;
  void ReleaseFile(InodeId ino, int flags) override;
  // ops/read.cpp
  Result<ReadReply> Read(InodeId ino, ByteRange range, ReadKind kind) override;
  Result<uint64_t> Seek(InodeId ino, uint64_t offset, int whence) override;
  // ops/write.cpp
  void Write(const Request& request, InodeId ino, WriteKind kind, uint64_t offset,
             std::span<const std::byte> data, bool kill_suid_sgid,
             Completion<size_t> done) override;
  // ops/fallocate.cpp
  void Fallocate(const Request& request, InodeId ino, int mode, ByteRange range,
                 Completion<> done) override;
  // ops/copy_file_range.cpp
  void CopyFileRange(const Request& request, InodeId in, uint64_t in_offset, InodeId out,
                     uint64_t out_offset, uint64_t size, Completion<size_t> done) override;
  // ops/fsync.cpp
  void Fsync(InodeId ino, bool data_only, Completion<> done) override;
  FilesystemUsage Usage() const override;
  Result<> Shutdown() override;

 private:
  struct Killed {
    InodePtr inode;
    PageMasks::Id mask = 0;  // 0: the kernel has no page of the inode
    ByteRange range;
  };

  Result<InodePtr> RegularFile(InodeId ino);
  Result<InodePtr> DirectoryFor(InodeId ino);
  // The inode of a file handle; ESTALE when it has no name any more.
  Result<Attributes> LookupHandle(InodeId ino);
  // What a name leads to. Null: somebody has removed the name since. EUCLEAN: it leads nowhere.
  Result<InodePtr> NamedInode(InodeId parent, const store::Dirent& dirent);

  Result<Attributes> MakeNode(const Request& request, InodeId parent, std::string_view name,
                              uint32_t mode);
  Result<> RemoveName(InodeId parent, std::string_view name, bool directory);
  Result<bool> TryRename(const InodePtr& from, std::string_view name, const InodePtr& to,
                         std::string_view new_name, uint32_t flags);
  void CollectIfUnused(const InodePtr& inode);

  void TouchAtime(Inode& inode);

  // One attempt; ENOSPC after which waiting for space may help leaves nothing behind.
  Result<Killed> TryWrite(const Request& request, const InodePtr& inode, WriteKind kind,
                          ByteRange range, std::span<const std::byte> data, bool kill_suid_sgid);
  Result<> Truncate(const InodePtr& inode, uint64_t size, const RecordChange& change);
  Result<> ShrinkTo(const InodePtr& inode, uint64_t size, const RecordChange& change);
  Result<Killed> TryZero(const InodePtr& inode, ByteRange range, bool allocate, bool extend);
  Result<> TryPreallocate(const InodePtr& inode, ByteRange range, bool extend);
  Result<Killed> TryCopy(const InodePtr& in, uint64_t in_offset, const InodePtr& out,
                         ByteRange range);

  // Runs `attempt` again as long as it fails with ENOSPC and freed-but-pending space can help. No
  // lock is held.
  template <typename Attempt>
  auto WithSpace(uint64_t blocks, Attempt attempt) -> decltype(attempt()) {
    for (;;) {
      auto result = attempt();
      if (result || result.error().code() != ENOSPC || !store_.WaitForSpace(blocks)) return result;
    }
  }
  // Masks `range` if the kernel may have pages of the inode.
  PageMasks::Id MaskForKillLocked(Inode& inode, ByteRange range) FL_REQUIRES(inode.mapping);
  // Ends a killer: invalidates and unmasks where it masked, then calls `done`.
  void FinishKill(Killed killed, std::function<void()> done);

  store::Store& store_;
  const Options options_;
  ChunkBudget chunk_budget_;
  InodeTable inodes_;
  PageKiller killer_;
  SmallMover small_mover_;
  OrphanCollector orphans_;
};

// The current time, as inodes store it.
Timestamp Now();
Result<> CheckName(std::string_view name);
// What a write, a truncate or a chown by somebody else does to the mode.
void KillSuidSgid(store::InodeRecord& record);

}  // namespace faultline::fs
