// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/allocator.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace faultline::store {

bool Allocator::Grants(AllocationClass why, uint64_t blocks, uint64_t available, uint64_t reserve,
                       uint64_t claimed) {
  uint64_t held_back = 0;
  if (why != AllocationClass::kInternal) held_back += claimed;
  if (why == AllocationClass::kNewData) held_back += reserve;
  return blocks <= available && held_back <= available - blocks;
}

Result<std::vector<Extent>> Allocator::Allocate(uint64_t blocks, AllocationClass why) {
  lock::MutexLock lock(mu_);
  if (!Grants(why, blocks, free_, reserve_, claimed_)) return Fail(ENOSPC);
  std::vector<Extent> extents;
  while (blocks > 0) {
    extents.push_back(TakeLocked(blocks));
    blocks -= extents.back().count;
  }
  return extents;
}

// At most `blocks` of them; less only from the largest free extent there is.
Extent Allocator::TakeLocked(uint64_t blocks) {
  FL_CHECK(!by_count_.empty());
  auto fit = by_count_.lower_bound({blocks, 0});
  if (fit == by_count_.end()) fit = std::prev(fit);
  const auto [count, start] = *fit;
  const uint64_t taken = std::min(count, blocks);
  EraseLocked(by_start_.find(start));
  if (count > taken) InsertLocked(start + taken, count - taken);
  return {{Space::kVolume, start}, taken};
}

uint64_t Allocator::Free(uint64_t block, uint64_t count) {
  lock::MutexLock lock(mu_);
  const uint64_t end = block + count;
  uint64_t already_free = 0;
  auto next = by_start_.upper_bound(block);
  if (next != by_start_.begin()) next = std::prev(next);
  std::vector<std::pair<uint64_t, uint64_t>> gaps;
  for (uint64_t at = block; at < end;) {
    while (next != by_start_.end() && next->first + next->second <= at) ++next;
    const bool blocked = next != by_start_.end() && next->first <= at;
    const uint64_t limit = next == by_start_.end() ? end
                           : blocked               ? next->first + next->second
                                                   : next->first;
    const uint64_t stop = std::min(limit, end);
    if (blocked) {
      already_free += stop - at;
    } else {
      gaps.emplace_back(at, stop - at);
    }
    at = stop;
  }
  for (const auto& [start, length] : gaps) AddLocked(start, length);
  return already_free;
}

void Allocator::AddLocked(uint64_t start, uint64_t count) {
  auto after = by_start_.lower_bound(start);
  if (after != by_start_.end() && after->first == start + count) {
    count += after->second;
    EraseLocked(after);
  }
  auto before = by_start_.lower_bound(start);
  if (before != by_start_.begin()) {
    before = std::prev(before);
    if (before->first + before->second == start) {
      start = before->first;
      count += before->second;
      EraseLocked(before);
    }
  }
  InsertLocked(start, count);
}

void Allocator::InsertLocked(uint64_t start, uint64_t count) {
  by_start_.emplace(start, count);
  by_count_.emplace(count, start);
  free_ += count;
}

void Allocator::EraseLocked(ByStart::iterator extent) {
  free_ -= extent->second;
  by_count_.erase({extent->second, extent->first});
  by_start_.erase(extent);
}

Result<> Allocator::Claim(uint64_t blocks, AllocationClass why, uint64_t growable) {
  lock::MutexLock lock(mu_);
  if (!Grants(why, blocks, free_ + growable, reserve_, claimed_)) return Fail(ENOSPC);
  claimed_ += blocks;
  return {};
}

void Allocator::ClaimExisting(uint64_t blocks) {
  lock::MutexLock lock(mu_);
  claimed_ += blocks;
}

void Allocator::Unclaim(uint64_t blocks) {
  lock::MutexLock lock(mu_);
  claimed_ -= std::min(blocks, claimed_);
}

uint64_t Allocator::FreeBlocks() const {
  lock::MutexLock lock(mu_);
  return free_;
}

uint64_t Allocator::ClaimedBlocks() const {
  lock::MutexLock lock(mu_);
  return claimed_;
}

std::vector<Extent> Allocator::FreeExtents() const {
  lock::MutexLock lock(mu_);
  std::vector<Extent> extents;
  for (const auto& [start, count] : by_start_) extents.push_back({{Space::kVolume, start}, count});
  return extents;
}

}  // namespace faultline::store
