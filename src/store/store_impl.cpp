// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/store_impl.h"

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "base/log.h"
#include "base/test_point.h"

namespace faultline::store {

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kMinStep = kMiB / kBlockSize;         // blocks
constexpr uint64_t kUsualStep = 64 * kMiB / kBlockSize;  // blocks
constexpr uint64_t kMaxStep = 1024 * kMiB / kBlockSize;  // blocks
// A reader that takes longer than this to send its reply makes ENOSPC early, no more.
constexpr std::chrono::seconds kPatience{10};

uint64_t SmallBlocks(std::span<const Extent> extents) {
  uint64_t blocks = 0;
  for (const Extent& extent : extents)
    if (extent.start.space == Space::kSmall) blocks += extent.count;
  return blocks;
}

}  // namespace

// --- looking things up

Result<std::optional<InodeRecord>> StoreImpl::GetInode(InodeId ino) { return lookups_.Inode(ino); }

Result<std::vector<std::optional<InodeRecord>>> StoreImpl::GetInodes(
    std::span<const InodeId> inos) {
  return lookups_.Inodes(inos);
}

Result<std::optional<Dirent>> StoreImpl::GetDirent(InodeId parent, std::string_view name) {
  return lookups_.Entry(parent, name);
}

Result<std::vector<Dirent>> StoreImpl::ListDirents(InodeId parent, uint64_t after, size_t limit) {
  return lookups_.Entries(parent, after, limit);
}

Result<ChunkPtr> StoreImpl::GetChunk(InodeId ino, uint64_t index) {
  return lookups_.Chunk(ino, index);
}

Result<std::vector<std::pair<uint64_t, ChunkPtr>>> StoreImpl::ListChunks(InodeId ino, uint64_t from,
                                                                         size_t limit) {
  return lookups_.Chunks(ino, from, limit);
}

Result<std::vector<InodeId>> StoreImpl::ListOrphans() { return lookups_.Orphans(); }

// --- data

Result<> StoreImpl::ReadVolume(uint64_t block, std::span<std::byte> out) {
  return volume_->Read(block, out);
}

Result<> StoreImpl::ReadVolumeBlocks(std::span<const VolumeRead> reads,
                                     const VolumeReadDone& done) {
  return volume_->ReadMany(reads, done);
}

Result<> StoreImpl::WriteVolume(uint64_t block, std::span<const std::byte> data) {
  return volume_->Write(block, data);
}

Result<BlockPtr> StoreImpl::ReadSmall(uint64_t address) { return lookups_.Small(address); }

// --- space

Result<std::vector<Extent>> StoreImpl::Allocate(uint64_t blocks, AllocationClass why) {
  if (ReadOnly()) return Fail(EROFS);
  if (why == AllocationClass::kNewData && guard_->Short()) return Fail(ENOSPC);
  while (true) {
    auto extents = allocator_.Allocate(blocks, why);
    if (extents) return extents;
    if (const uint64_t before = reclaim_.ReleasedBlocks(); reclaim_.WaitingBlocks() != 0) {
      reclaim_.Poll();
      if (reclaim_.ReleasedBlocks() != before) continue;
    }
    if (!Grow(blocks)) return extents;
  }
}

bool StoreImpl::Grow(uint64_t blocks) {
  // Another thread has grown the volume and is about to tell the allocator.
  if (allocatable_.load(std::memory_order_acquire) != volume_->Blocks()) {
    std::this_thread::yield();
    return true;
  }
  guard_->Look();
  const uint64_t target = GrowthTarget(blocks);
  if (target <= volume_->Blocks()) return false;
  auto grown = volume_->GrowTo(target);
  if (!grown) {
    LogWarning("{}", grown.error().ToString());
    return false;
  }
  if (grown->count == 0) return true;
  allocator_.Free(grown->start.block, grown->count);
  allocatable_.fetch_add(grown->count, std::memory_order_release);
  return true;
}

// Steps grow with the volume, so that their number stays small, and a small volume takes small
// ones. Never into what the host keeps for RocksDB.
uint64_t StoreImpl::GrowthTarget(uint64_t blocks) const {
  const uint64_t now = volume_->Blocks();
  const uint64_t small_volume = std::max(volume_->MaxBlocks() / 16, kMinStep);
  uint64_t step = std::min(std::clamp(now / 8, kUsualStep, kMaxStep), small_volume);
  step = std::max(step, blocks);
  const uint64_t possible = GrowableBlocks();
  if (possible < std::min(kMinStep, volume_->MaxBlocks() - now)) return now;
  return now + std::min(step, possible);
}

uint64_t StoreImpl::GrowableBlocks() const {
  const uint64_t left = volume_->MaxBlocks() - volume_->Blocks();
  return guard_ ? std::min(left, guard_->GrowableBytes() / kBlockSize) : left;
}

void StoreImpl::Unallocate(std::span<const Extent> extents) {
  allocator_.Unclaim(SmallBlocks(extents));
  for (const Extent& extent : extents) {
    if (extent.start.space == Space::kSmall) continue;
    FL_CHECK(allocator_.Free(extent.start.block, extent.count) == 0, "blocks {}+{} are free",
             extent.start.block, extent.count);
  }
}

bool StoreImpl::WaitForSpace(uint64_t blocks) {
  lock::MayDo(lock::Action::kWaitForCommit);
  if (ReadOnly()) return false;
  const uint64_t before = reclaim_.ReleasedBlocks();
  const Nanoseconds deadline = MonotonicNow() + kPatience;
  while (reclaim_.ReleasedBlocks() < before + blocks) {
    const Nanoseconds left = deadline - MonotonicNow();
    if (left.count() <= 0) break;
    if (reclaim_.WaitingBlocks() != 0) {
      reclaim_.WaitForRelease(left);
    } else if (pending_.FreedVolumeBlocks() == 0 || !committer_->Commit()) {
      break;
    }
  }
  return reclaim_.ReleasedBlocks() != before;
}

Result<uint64_t> StoreImpl::AllocateSmall(uint64_t count, AllocationClass why) {
  if (ReadOnly()) return Fail(EROFS);
  if (why == AllocationClass::kNewData && guard_->Short()) return Fail(ENOSPC);
  FL_TRY(allocator_.Claim(count, why, GrowableBlocks()));
  return next_small_.fetch_add(count, std::memory_order_relaxed);
}

InodeId StoreImpl::AllocateInode() {
  return InodeId{next_inode_.fetch_add(1, std::memory_order_relaxed)};
}

// --- changing things

Result<> StoreImpl::WaitForRoom(AllocationClass why) {
  if (ReadOnly()) return Fail(EROFS);
  if (why == AllocationClass::kNewData && guard_->Short()) return Fail(ENOSPC);
  return committer_->WaitForRoom();
}

TxgId StoreImpl::Apply(Transaction&& transaction) {
  FL_CHECK(!ReadOnly());
  FL_TEST_POINT("store.apply");
  transaction.HashNames(super_.name_hash_seed);
  if (const uint64_t small = SmallBlocks(transaction.FreedExtents()); small != 0)
    allocator_.Unclaim(small);
  const PendingGroups::Applied applied = pending_.Apply(std::move(transaction));
  committer_->Noticed(applied);
  return applied.group;
}

// Sampled after the group was closed, so it covers every number that the group can name.
StoreState StoreImpl::CurrentState() const {
  StoreState state;
  state.next_inode = next_inode_.load(std::memory_order_relaxed);
  state.next_small = next_small_.load(std::memory_order_relaxed);
  return state;
}

// --- durability

void StoreImpl::WhenDurable(TxgId txg, std::function<void(Result<>)> done) {
  if (ReadOnly()) return done({});
  committer_->WhenDurable(txg, std::move(done));
}

Result<> StoreImpl::Commit() { return ReadOnly() ? Result<>() : committer_->Commit(); }

void StoreImpl::SetPreCommit(std::function<void()> hook) {
  if (!ReadOnly()) committer_->SetPreCommit(std::move(hook));
}

void StoreImpl::SetCommitInterval(std::chrono::milliseconds interval) {
  if (!ReadOnly()) committer_->SetInterval(interval);
}

// --- status

SpaceUsage StoreImpl::Space() const {
  SpaceUsage usage;
  usage.total_blocks = super_.volume_blocks;
  const uint64_t claimed = allocator_.ClaimedBlocks();
  const uint64_t free = allocator_.FreeBlocks() + GrowableBlocks();
  const bool short_of_space = guard_ && guard_->Short();
  usage.free_blocks = short_of_space ? 0 : free - std::min(free, claimed);
  usage.pending_blocks = pending_.FreedVolumeBlocks() + reclaim_.WaitingBlocks();
  usage.reserve_blocks = allocator_.ReserveBlocks();
  usage.small_bytes = claimed * kBlockSize;
  usage.inodes = database_->EstimateKeys(Family::kInodes);
  return usage;
}

CommitStatus StoreImpl::Commits() const {
  if (!ReadOnly()) return committer_->Status();
  CommitStatus status;
  status.open = pending_.Open();
  status.durable = status.open - 1;
  return status;
}

}  // namespace faultline::store
