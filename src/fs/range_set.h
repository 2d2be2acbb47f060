// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <vector>

#include "base/types.h"

namespace faultline::fs {

// Disjoint, ascending byte ranges: what is left of a write when others have taken their part. Few
// at a time.
class RangeSet {
 public:
  RangeSet() = default;
  explicit RangeSet(ByteRange range) {
    if (!range.Empty()) ranges_.push_back(range);
  }

  bool Empty() const { return ranges_.empty(); }
  std::span<const ByteRange> Ranges() const { return ranges_; }
  bool operator==(const RangeSet&) const = default;

  void Subtract(ByteRange gone);

 private:
  std::vector<ByteRange> ranges_;
};

}  // namespace faultline::fs
