// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/memory_store.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/check.h"
#include "base/test_point.h"
#include "store/keys.h"

namespace faultline::store {

namespace {

uint64_t SmallBlocks(std::span<const Extent> extents) {
  uint64_t blocks = 0;
  for (const Extent& extent : extents)
    if (extent.start.space == Space::kSmall) blocks += extent.count;
  return blocks;
}

MemoryTables FreshTables() {
  InodeRecord root;
  root.ino = kRootInode;
  root.mode = 0040755;
  root.nlink = 2;
  root.parent = kRootInode;
  Transaction mkfs;
  mkfs.PutInode(root);
  MemoryTables tables;
  tables.Apply(mkfs);
  return tables;
}

// Makes free what `used` does not name.
void RebuildFreeSpace(Allocator& allocator, std::vector<Extent> used, uint64_t volume_blocks) {
  std::sort(used.begin(), used.end());
  uint64_t at = 1;
  for (const Extent& extent : used) {
    FL_CHECK(extent.start.block >= at, "block {} has two owners", extent.start.block);
    if (extent.start.block > at) allocator.Free(at, extent.start.block - at);
    at = extent.start.block + extent.count;
  }
  if (at < volume_blocks) allocator.Free(at, volume_blocks - at);
}

}  // namespace

MemoryStore::MemoryStore(const Options& options) : MemoryStore(options, FreshTables(), {}) {}

MemoryStore::MemoryStore(const Options& options, MemoryTables tables, Volume volume)
    : options_(options),
      allocator_(options.reserve_blocks),
      reclaim_(allocator_),
      applied_(tables),
      durable_(std::move(tables)),
      volume_(std::move(volume)) {
  FL_CHECK(options.volume_blocks > 1);
  super_.label = "memory";
  super_.volume_blocks = options.volume_blocks;
  super_.name_hash_seed = options.name_hash_seed;
  lock::MutexLock lock(mu_);
  RebuildFreeSpace(allocator_, applied_.VolumeExtents(), options.volume_blocks);
  allocator_.ClaimExisting(applied_.SmallCount());
}

MemoryStore::~MemoryStore() {
  if (!options_.read_only) (void)Commit();
}

void MemoryStore::FailCalls(Call call, int error, uint64_t skip, uint64_t times) {
  lock::MutexLock lock(failures_mu_);
  failures_[static_cast<size_t>(call)] = {error, skip, times};
}

Result<> MemoryStore::Try(Call call) {
  lock::MutexLock lock(failures_mu_);
  Failure& failure = failures_[static_cast<size_t>(call)];
  if (failure.times == 0) return {};
  if (failure.skip > 0) {
    --failure.skip;
    return {};
  }
  --failure.times;
  return Fail(failure.error, "made to fail by a test");
}

// --- looking things up

Result<std::optional<InodeRecord>> MemoryStore::GetInode(InodeId ino) {
  lock::MayDo(lock::Action::kDatabase);
  FL_TRY(Try(Call::kLookup));
  lock::MutexLock lock(mu_);
  return applied_.Inode(ino);
}

Result<std::vector<std::optional<InodeRecord>>> MemoryStore::GetInodes(
    std::span<const InodeId> inos) {
  lock::MayDo(lock::Action::kDatabase);
  FL_TRY(Try(Call::kLookup));
  std::vector<std::optional<InodeRecord>> found;
  lock::MutexLock lock(mu_);
  for (InodeId ino : inos) found.push_back(applied_.Inode(ino));
  return found;
}

Result<std::optional<Dirent>> MemoryStore::GetDirent(InodeId parent, std::string_view name) {
  lock::MayDo(lock::Action::kDatabase);
  FL_TRY(Try(Call::kLookup));
  lock::MutexLock lock(mu_);
  return applied_.Entry(parent, keys::NameHash(name, super_.name_hash_seed), name);
}

Result<std::vector<Dirent>> MemoryStore::ListDirents(InodeId parent, uint64_t after, size_t limit) {
  lock::MayDo(lock::Action::kDatabase);
  FL_TRY(Try(Call::kLookup));
  lock::MutexLock lock(mu_);
  return applied_.Entries(parent, after, limit);
}

Result<ChunkPtr> MemoryStore::GetChunk(InodeId ino, uint64_t index) {
  lock::MayDo(lock::Action::kDatabase);
  FL_TRY(Try(Call::kLookup));
  lock::MutexLock lock(mu_);
  return applied_.Chunk(ino, index);
}

Result<std::vector<std::pair<uint64_t, ChunkPtr>>> MemoryStore::ListChunks(InodeId ino,
                                                                           uint64_t from,
                                                                           size_t limit) {
  lock::MayDo(lock::Action::kDatabase);
  FL_TRY(Try(Call::kLookup));
  lock::MutexLock lock(mu_);
  return applied_.Chunks(ino, from, limit);
}

Result<std::vector<InodeId>> MemoryStore::ListOrphans() {
  lock::MayDo(lock::Action::kDatabase);
  FL_TRY(Try(Call::kLookup));
  lock::MutexLock lock(mu_);
  return applied_.Orphans();
}

// --- data

Result<> MemoryStore::ReadVolume(uint64_t block, std::span<std::byte> out) {
  lock::MayDo(lock::Action::kVolumeIo);
  FL_TEST_POINT("store.volume.read");
  FL_TRY(Try(Call::kReadVolume));
  FL_CHECK(out.size() % kBlockSize == 0);
  lock::MutexLock lock(volume_mu_);
  for (size_t at = 0; at < out.size(); at += kBlockSize, ++block) {
    auto found = volume_.find(block);
    if (found != volume_.end()) {
      std::memcpy(out.data() + at, found->second->data(), kBlockSize);
    } else {
      std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), kBlockSize, kJunk);
    }
  }
  return {};
}

Result<> MemoryStore::WriteVolume(uint64_t block, std::span<const std::byte> data) {
  lock::MayDo(lock::Action::kVolumeIo);
  FL_TEST_POINT("store.volume.write");
  FL_TRY(Try(Call::kWriteVolume));
  FL_CHECK(data.size() % kBlockSize == 0);
  FL_CHECK(block > 0 && block + data.size() / kBlockSize <= options_.volume_blocks);
  lock::MutexLock lock(volume_mu_);
  for (size_t at = 0; at < data.size(); at += kBlockSize, ++block) {
    std::unique_ptr<Block>& content = volume_[block];
    if (!content) content = std::make_unique<Block>();
    std::memcpy(content->data(), data.data() + at, kBlockSize);
    unsynced_.insert(block);
  }
  return {};
}

Result<BlockPtr> MemoryStore::ReadSmall(uint64_t address) {
  lock::MayDo(lock::Action::kDatabase);
  FL_TRY(Try(Call::kReadSmall));
  lock::MutexLock lock(mu_);
  return applied_.Small(address);
}

// --- space

Result<std::vector<Extent>> MemoryStore::Allocate(uint64_t blocks, AllocationClass why) {
  FL_TRY(Try(Call::kAllocate));
  auto extents = allocator_.Allocate(blocks, why);
  if (extents || reclaim_.WaitingBlocks() == 0) return extents;
  reclaim_.Poll();
  return allocator_.Allocate(blocks, why);
}

void MemoryStore::Unallocate(std::span<const Extent> extents) {
  allocator_.Unclaim(SmallBlocks(extents));
  for (const Extent& extent : extents) {
    if (extent.start.space == Space::kSmall) continue;
    FL_CHECK(allocator_.Free(extent.start.block, extent.count) == 0);
  }
}

bool MemoryStore::WaitForSpace(uint64_t blocks) {
  lock::MayDo(lock::Action::kWaitForCommit);
  const uint64_t before = allocator_.FreeBlocks();
  if (!Commit()) return false;
  while (allocator_.FreeBlocks() < before + blocks) {
    if (!reclaim_.WaitForRelease(std::chrono::seconds(5))) break;
  }
  return allocator_.FreeBlocks() > before;
}

Result<uint64_t> MemoryStore::AllocateSmall(uint64_t count, AllocationClass why) {
  FL_TRY(Try(Call::kAllocate));
  FL_TRY(allocator_.Claim(count, why, 0));
  lock::MutexLock lock(mu_);
  return std::exchange(next_small_, next_small_ + count);
}

InodeId MemoryStore::AllocateInode() {
  lock::MutexLock lock(mu_);
  return InodeId{next_inode_++};
}

// --- changing things

Result<> MemoryStore::WaitForRoom(AllocationClass) {
  lock::MayDo(lock::Action::kWaitForCommit);
  FL_TRY(Try(Call::kWaitForRoom));
  if (options_.read_only) return Fail(EROFS);
  lock::MutexLock lock(mu_);
  if (!error_.empty()) return Fail(EIO, "{}", error_);
  return {};
}

TxgId MemoryStore::Apply(Transaction&& transaction) {
  transaction.HashNames(super_.name_hash_seed);
  lock::MutexLock lock(mu_);
  applied_.Apply(transaction);
  RecordFreed(transaction.FreedExtents());
  if (!transaction.Empty()) pending_.push_back(std::move(transaction));
  return OpenTxg();
}

void MemoryStore::RecordFreed(std::span<const Extent> freed) {
  for (const Extent& extent : freed) {
    if (extent.start.space == Space::kSmall) {
      allocator_.Unclaim(extent.count);
    } else {
      freed_.push_back({{Space::kVolume, extent.start.block}, extent.count});
    }
  }
}

// --- durability

void MemoryStore::WhenDurable(TxgId txg, std::function<void(Result<>)> done) {
  Result<> outcome;
  {
    lock::MutexLock lock(mu_);
    const bool durable = txg < OpenTxg() || (txg == OpenTxg() && pending_.empty());
    if (!durable && error_.empty()) waiters_.push_back({txg, std::exchange(done, nullptr)});
    if (!durable && !error_.empty()) outcome = Fail(EIO, "{}", error_);
  }
  if (done) return done(outcome);
  if (!options_.manual_commit) (void)Commit();
}

Result<> MemoryStore::Commit() {
  lock::MayDo(lock::Action::kWaitForCommit);
  std::function<void()> hook;
  {
    lock::MutexLock lock(mu_);
    hook = pre_commit_;
  }
  if (hook) hook();
  auto result = CloseGroup();
  reclaim_.Poll();
  return result;
}

Result<> MemoryStore::CloseGroup() {
  Result<> result = Try(Call::kCommit);
  std::vector<Waiter> due;
  std::vector<Extent> freed;
  {
    lock::MutexLock lock(mu_);
    if (!result && error_.empty()) error_ = result.error().ToString();
    if (!error_.empty()) result = Fail(EIO, "{}", error_);
    if (result) {
      // What the group names was written before it was applied, so the volume is synced inside.
      lock::MutexLock volume_lock(volume_mu_);
      unsynced_.clear();
      for (const Transaction& transaction : pending_) durable_.Apply(transaction);
      pending_.clear();
      freed.swap(freed_);
      open_.fetch_add(1, std::memory_order_release);
      ++commits_;
    }
    due.swap(waiters_);
  }
  reclaim_.Accept(std::move(freed));
  for (Waiter& waiter : due) waiter.done(result);
  return result;
}

void MemoryStore::SetPreCommit(std::function<void()> hook) {
  lock::MutexLock lock(mu_);
  pre_commit_ = std::move(hook);
}

// --- status

SpaceUsage MemoryStore::Space() const {
  SpaceUsage usage;
  usage.total_blocks = options_.volume_blocks;
  const uint64_t free = allocator_.FreeBlocks();
  usage.free_blocks = free - std::min(free, allocator_.ClaimedBlocks());
  usage.reserve_blocks = allocator_.ReserveBlocks();
  usage.pending_blocks = reclaim_.WaitingBlocks();
  lock::MutexLock lock(mu_);
  for (const Extent& extent : freed_) usage.pending_blocks += extent.count;
  usage.small_bytes = applied_.SmallCount() * kBlockSize;
  usage.inodes = applied_.InodeCount();
  return usage;
}

CommitStatus MemoryStore::Commits() const {
  lock::MutexLock lock(mu_);
  CommitStatus status;
  status.open = OpenTxg();
  status.durable = status.open - 1;
  status.commits = commits_;
  status.pending_bytes = pending_.size() * kBlockSize;
  status.error = error_;
  return status;
}

}  // namespace faultline::store
