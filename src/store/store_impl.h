// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "store/allocator.h"
#include "store/committer.h"
#include "store/database.h"
#include "store/layout.h"
#include "store/lookups.h"
#include "store/pending_groups.h"
#include "store/reclaim.h"
#include "store/space_guard.h"
#include "store/store.h"
#include "store/store_lock.h"
#include "store/volume.h"

namespace faultline::store {

// Where a test puts its own parts in.
struct StoreSeams {
  std::shared_ptr<rocksdb::FileSystem> file_system;  // under RocksDB
  std::function<Result<std::unique_ptr<VolumeFile>>(const std::filesystem::path&,
                                                    VolumeFile::Access)>
      open_volume = VolumeFile::Open;
  std::optional<SpaceLimits> limits;
  bool compress = true;
};

// The store on files: puts the parts together and knows nothing itself.
class StoreImpl final : public Store {
 public:
  static Result<std::unique_ptr<StoreImpl>> Open(const std::filesystem::path& path,
                                                 const OpenOptions& options,
                                                 const StoreSeams& seams = {});
  ~StoreImpl() override;

  const Superblock& Super() const override { return super_; }
  bool ReadOnly() const override { return committer_ == nullptr; }

  Result<std::optional<InodeRecord>> GetInode(InodeId ino) override;
  Result<std::vector<std::optional<InodeRecord>>> GetInodes(std::span<const InodeId> inos) override;
  Result<std::optional<Dirent>> GetDirent(InodeId parent, std::string_view name) override;
  Result<std::vector<Dirent>> ListDirents(InodeId parent, uint64_t after, size_t limit) override;
  Result<ChunkPtr> GetChunk(InodeId ino, uint64_t index) override;
  Result<std::vector<std::pair<uint64_t, ChunkPtr>>> ListChunks(InodeId ino, uint64_t from,
                                                                size_t limit) override;
  Result<std::vector<InodeId>> ListOrphans() override;

  Result<> ReadVolume(uint64_t block, std::span<std::byte> out) override;
  Result<> ReadVolumeBlocks(std::span<const VolumeRead> reads, const VolumeReadDone& done) override;
  Result<> WriteVolume(uint64_t block, std::span<const std::byte> data) override;
  Result<BlockPtr> ReadSmall(uint64_t address) override;

  Result<std::vector<Extent>> Allocate(uint64_t blocks, AllocationClass why) override;
  void Unallocate(std::span<const Extent> extents) override;
  bool WaitForSpace(uint64_t blocks) override;
  Result<uint64_t> AllocateSmall(uint64_t count, AllocationClass why) override;
  InodeId AllocateInode() override;

  Result<> WaitForRoom(AllocationClass why) override;
  TxgId Apply(Transaction&& transaction) override;
  TxgId OpenTxg() const override { return pending_.Open(); }

  void WhenDurable(TxgId txg, std::function<void(Result<>)> done) override;
  Result<> Commit() override;
  void SetPreCommit(std::function<void()> hook) override;
  void SetCommitInterval(std::chrono::milliseconds interval) override;

  lock::GracePeriod& Readers() override { return reclaim_.Readers(); }
  SpaceUsage Space() const override;
  CommitStatus Commits() const override;

 private:
  // What opening has found.
  struct Opened {
    StoreLock lock;
    std::unique_ptr<Volume> volume;
    std::unique_ptr<Database> database;
    std::unique_ptr<SpaceGuard> guard;  // null: read-only
    Superblock super;
    StoreState state;
  };
  explicit StoreImpl(Opened opened);
  Result<> Start(const OpenOptions& options);

  StoreState CurrentState() const;
  uint64_t GrowableBlocks() const;
  // Makes the volume larger, so that `blocks` more may fit. False: it cannot.
  bool Grow(uint64_t blocks);
  uint64_t GrowthTarget(uint64_t blocks) const;

  const StoreLock lock_;
  const Superblock super_;
  const std::unique_ptr<Volume> volume_;
  const std::unique_ptr<Database> database_;
  const std::unique_ptr<SpaceGuard> guard_;
  PendingGroups pending_;
  const Lookups lookups_;
  Allocator allocator_;
  std::atomic<uint64_t> allocatable_;  // the allocator knows the volume up to here
  std::atomic<uint64_t> next_inode_;
  std::atomic<uint64_t> next_small_;
  // Reclaim goes first and wakes it until the end.
  std::unique_ptr<Committer> committer_;  // null: read-only; immutable after Open
  Reclaim reclaim_;
};

}  // namespace faultline::store
