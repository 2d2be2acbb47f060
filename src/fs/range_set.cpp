// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/range_set.h"

namespace faultline::fs {

void RangeSet::Subtract(ByteRange gone) {
  if (gone.Empty()) return;
  std::vector<ByteRange> left;
  left.reserve(ranges_.size() + 1);
  for (ByteRange range : ranges_) {
    if (!range.Overlaps(gone)) {
      left.push_back(range);
      continue;
    }
    if (range.begin < gone.begin) left.push_back({range.begin, gone.begin});
    if (gone.end < range.end) left.push_back({gone.end, range.end});
  }
  ranges_ = std::move(left);
}

}  // namespace faultline::fs
