// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "base/types.h"
#include "fs/range_set.h"

namespace faultline::fs {

// "The last writer by `unique` wins": which request wrote which bytes of an inode lately.
//
// The kernel queues overlapping WRITEs of a page in the right order and numbers them in that order,
// but two workers may apply them in the other one. A request that comes late leaves alone what a
// younger one has already written, so nobody waits for anybody. An entry may go once no request
// older than it can still be on its way: below the horizon, everything has been answered. Guarded
// by the mapping lock of the inode.
class WriteLog {
 public:
  // Takes what younger requests have written out of `bytes`.
  void SubtractYounger(uint64_t unique, RangeSet& bytes) const;
  // `horizon` as in fs::Request.
  void Add(uint64_t unique, ByteRange range, uint64_t horizon);
  size_t Size() const { return entries_.size(); }

 private:
  struct Entry {
    uint64_t unique;
    ByteRange range;
  };
  std::vector<Entry> entries_;
};

}  // namespace faultline::fs
