// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lock/mutex.h"
#include "store/extent.h"
#include "store/store.h"

namespace faultline::store {

// Which blocks of the volume are free. Lives in memory only; what is allocated is what extent
// records name, so it is rebuilt from them when a store is opened.
//
// Best fit: the smallest free extent that is large enough, else the largest ones. Neighbours are
// merged, so invariant: free extents are not adjacent.
//
// Two amounts are held back. The *reserve* is refused to new data, so that a full volume can still
// be overwritten, punched and compacted. *Claims* are blocks owed to small data that lives in
// RocksDB today and moves to the volume one day.
//
// Thread-safe, memory only. Units: blocks. Errors: ENOSPC.
class Allocator {
 public:
  explicit Allocator(uint64_t reserve) : reserve_(reserve) {}

  // All of `blocks` or nothing.
  Result<std::vector<Extent>> Allocate(uint64_t blocks, AllocationClass why);

  // Makes blocks allocatable. Returns how many of them already were: not 0 means that two owners
  // named them, that is, a damaged store.
  uint64_t Free(uint64_t block, uint64_t count);

  // Owes `blocks` to small data, if `growable` blocks that the volume could still grow by and the
  // free ones together leave room.
  Result<> Claim(uint64_t blocks, AllocationClass why, uint64_t growable);
  // For what is there when a store is opened, room or no room.
  void ClaimExisting(uint64_t blocks);
  void Unclaim(uint64_t blocks);

  // May a request be granted out of `available` blocks? The one rule about reserve and claims.
  static bool Grants(AllocationClass why, uint64_t blocks, uint64_t available, uint64_t reserve,
                     uint64_t claimed);

  uint64_t FreeBlocks() const;
  uint64_t ClaimedBlocks() const;
  uint64_t ReserveBlocks() const { return reserve_; }
  // Free extents, ascending. For tests and reports.
  std::vector<Extent> FreeExtents() const;

 private:
  using ByStart = std::map<uint64_t, uint64_t>;  // start -> count

  Extent TakeLocked(uint64_t blocks) FL_REQUIRES(mu_);
  void InsertLocked(uint64_t start, uint64_t count) FL_REQUIRES(mu_);
  void EraseLocked(ByStart::iterator extent) FL_REQUIRES(mu_);
  void AddLocked(uint64_t start, uint64_t count) FL_REQUIRES(mu_);

  const uint64_t reserve_;

  mutable lock::Mutex mu_{lock::LockClass::kAllocator};
  ByStart by_start_ FL_GUARDED_BY(mu_);
  std::set<std::pair<uint64_t, uint64_t>> by_count_ FL_GUARDED_BY(mu_);  // (count, start)
  uint64_t free_ FL_GUARDED_BY(mu_) = 0;
  uint64_t claimed_ FL_GUARDED_BY(mu_) = 0;
};

}  // namespace faultline::store
