// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lock/mutex.h"
#include "store/allocator.h"
#include "store/memory_tables.h"
#include "store/reclaim.h"
#include "store/store.h"

namespace faultline::store {

// A store without files and without threads, for tests of what stands on a store and for the
// deterministic laboratory. Same promises as the real one: groups, grace periods, ENOSPC, reserve.
// Blocks of the volume that were never written read as kJunk, as those of a real one may.
//
// Thread-safe, as Store. Callbacks come from whoever commits.
class MemoryStore final : public Store {
 public:
  struct Options {
    uint64_t volume_blocks = 65536;
    uint64_t reserve_blocks = 64;
    uint64_t name_hash_seed = 0x9e3779b97f4a7c15;
    bool read_only = false;
    // False: WhenDurable commits at once. True: nothing becomes durable before Commit().
    bool manual_commit = false;
  };
  // What can be made to fail. kLookup is every Get... and List...
  enum class Call {
    kLookup,
    kReadVolume,
    kWriteVolume,
    kReadSmall,
    kAllocate,
    kWaitForRoom,
    kCommit
  };
  static constexpr size_t kCalls = 7;
  static constexpr std::byte kJunk{0xa5};

  MemoryStore() : MemoryStore(Options{}) {}
  explicit MemoryStore(const Options& options);
  ~MemoryStore() override;

  // --- for tests
  // From now on, after `skip` more calls, `times` calls fail with `error`. A failing commit is
  // final, as in the real store.
  void FailCalls(Call call, int error, uint64_t skip = 0, uint64_t times = 1);
  // The store that a crash right now leaves behind: only what is durable; blocks of the volume
  // written since the last commit hold kJunk.
  std::unique_ptr<MemoryStore> AfterCrash() const;
  // Bit rot.
  void FlipVolumeByte(uint64_t block, size_t offset);
  void FlipSmallByte(uint64_t address, size_t offset);
  // Blocks of the volume that are neither named by a record, nor free, nor waiting to be.
  uint64_t LeakedBlocks() const;
  uint64_t LiveSmallBlocks() const;

  // --- Store
  const Superblock& Super() const override { return super_; }
  bool ReadOnly() const override { return options_.read_only; }

  Result<std::optional<InodeRecord>> GetInode(InodeId ino) override;
  Result<std::vector<std::optional<InodeRecord>>> GetInodes(std::span<const InodeId> inos) override;
  Result<std::optional<Dirent>> GetDirent(InodeId parent, std::string_view name) override;
  Result<std::vector<Dirent>> ListDirents(InodeId parent, uint64_t after, size_t limit) override;
  Result<ChunkPtr> GetChunk(InodeId ino, uint64_t index) override;
  Result<std::vector<std::pair<uint64_t, ChunkPtr>>> ListChunks(InodeId ino, uint64_t from,
                                                                size_t limit) override;
  Result<std::vector<InodeId>> ListOrphans() override;

  Result<> ReadVolume(uint64_t block, std::span<std::byte> out) override;
  Result<> WriteVolume(uint64_t block, std::span<const std::byte> data) override;
  Result<BlockPtr> ReadSmall(uint64_t address) override;

  Result<std::vector<Extent>> Allocate(uint64_t blocks, AllocationClass why) override;
  void Unallocate(std::span<const Extent> extents) override;
  bool WaitForSpace(uint64_t blocks) override;
  Result<uint64_t> AllocateSmall(uint64_t count, AllocationClass why) override;
  InodeId AllocateInode() override;

  Result<> WaitForRoom(AllocationClass why) override;
  TxgId Apply(Transaction&& transaction) override;
  TxgId OpenTxg() const override { return open_.load(std::memory_order_acquire); }

  void WhenDurable(TxgId txg, std::function<void(Result<>)> done) override;
  Result<> Commit() override;
  void SetPreCommit(std::function<void()> hook) override;
  void SetCommitInterval(std::chrono::milliseconds) override {}

  lock::GracePeriod& Readers() override { return reclaim_.Readers(); }
  SpaceUsage Space() const override;
  CommitStatus Commits() const override;

 private:
  using Block = std::array<std::byte, kBlockSize>;
  struct Waiter {
    TxgId txg;
    std::function<void(Result<>)> done;
  };
  struct Failure {
    int error = 0;
    uint64_t skip = 0;
    uint64_t times = 0;
  };
  using Volume = std::unordered_map<uint64_t, std::unique_ptr<Block>>;

  MemoryStore(const Options& options, MemoryTables tables, Volume volume);
  Result<> Try(Call call);
  Result<> CloseGroup();
  void RecordFreed(std::span<const Extent> freed) FL_REQUIRES(mu_);

  const Options options_;
  Superblock super_;
  Allocator allocator_;
  Reclaim reclaim_;
  std::atomic<TxgId> open_{1};

  mutable lock::Mutex mu_{lock::LockClass::kTransaction};
  MemoryTables applied_ FL_GUARDED_BY(mu_);
  MemoryTables durable_ FL_GUARDED_BY(mu_);
  std::vector<Transaction> pending_ FL_GUARDED_BY(mu_);
  std::vector<Extent> freed_ FL_GUARDED_BY(mu_);  // of the volume, by the open group
  std::vector<Waiter> waiters_ FL_GUARDED_BY(mu_);
  std::function<void()> pre_commit_ FL_GUARDED_BY(mu_);
  uint64_t next_inode_ FL_GUARDED_BY(mu_) = 2;
  uint64_t next_small_ FL_GUARDED_BY(mu_) = 1;
  uint64_t commits_ FL_GUARDED_BY(mu_) = 0;
  std::string error_ FL_GUARDED_BY(mu_);

  mutable lock::Mutex volume_mu_{lock::LockClass::kCommit};
  Volume volume_ FL_GUARDED_BY(volume_mu_);
  std::set<uint64_t> unsynced_ FL_GUARDED_BY(volume_mu_);

  lock::Mutex failures_mu_{lock::LockClass::kStatistics};
  std::array<Failure, kCalls> failures_ FL_GUARDED_BY(failures_mu_);
};

}  // namespace faultline::store
