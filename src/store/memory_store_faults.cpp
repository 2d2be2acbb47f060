// SPDX-License-Identifier: GPL-2.0-or-later
#include <cstring>

#include "base/check.h"
#include "store/memory_store.h"

// Crashes, bit rot and book-keeping checks: the part of MemoryStore that no other store has.
namespace faultline::store {

std::unique_ptr<MemoryStore> MemoryStore::AfterCrash() const {
  lock::MutexLock lock(mu_);
  Volume volume;
  {
    lock::MutexLock volume_lock(volume_mu_);
    for (const auto& [block, content] : volume_)
      if (!unsynced_.contains(block)) volume[block] = std::make_unique<Block>(*content);
  }
  MemoryTables durable = durable_;
  const uint64_t next_inode = next_inode_;
  const uint64_t next_small = next_small_;
  lock.Unlock();

  std::unique_ptr<MemoryStore> after(
      new MemoryStore(options_, std::move(durable), std::move(volume)));
  lock::MutexLock after_lock(after->mu_);
  after->next_inode_ = next_inode;
  after->next_small_ = next_small;
  return after;
}

void MemoryStore::FlipVolumeByte(uint64_t block, size_t offset) {
  lock::MutexLock lock(volume_mu_);
  auto found = volume_.find(block);
  FL_CHECK(found != volume_.end(), "block {} was never written", block);
  (*found->second)[offset] ^= std::byte{0x40};
}

void MemoryStore::FlipSmallByte(uint64_t address, size_t offset) {
  lock::MutexLock lock(mu_);
  const BlockPtr old = applied_.Small(address);
  FL_CHECK(old, "no small block {}", address);
  BlockBuffer rotten(1);
  std::memcpy(rotten.Bytes().data(), old->Bytes().data(), kBlockSize);
  rotten.Bytes()[offset] ^= std::byte{0x40};
  applied_.ReplaceSmall(address, std::make_shared<const BlockBuffer>(std::move(rotten)));
}

uint64_t MemoryStore::LeakedBlocks() const {
  const uint64_t waiting = reclaim_.WaitingBlocks();
  lock::MutexLock lock(mu_);
  uint64_t known = 1 + waiting + allocator_.FreeBlocks();  // 1: the header
  for (const Extent& extent : applied_.VolumeExtents()) known += extent.count;
  for (const Extent& extent : freed_) known += extent.count;
  return options_.volume_blocks - known;
}

uint64_t MemoryStore::LiveSmallBlocks() const {
  lock::MutexLock lock(mu_);
  return applied_.SmallCount();
}

}  // namespace faultline::store
