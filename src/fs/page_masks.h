// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <list>
#include <unordered_set>
#include <vector>

#include "base/types.h"
#include "fs/range_set.h"

namespace faultline::fs {

// The ranges of an inode whose old pages the kernel may still hold while a page-killer invalidates
// them.
//
// While a byte is masked, page-cache writeback of it is dropped: the store was concurrent with the
// killer, so it counts as before it. The mask ends page by page: a page that the kernel read again
// after the new state was published (a regrant) has new content, and what is stored on top of that
// must be kept. Masks of several killers compose; a page writes through only when every mask over
// it has let it go.
//
// The rule "no new maps of a page that is about to be recycled" of the page_kill_mappings() mail
// (2020-09), seen from user space. Guarded by the mapping lock of the inode.
class PageMasks {
 public:
  using Id = uint64_t;

  bool Empty() const { return masks_.empty(); }

  Id Add(ByteRange range);
  void Remove(Id id);

  // The masks a READ of `range` passes under.
  std::vector<Id> Over(ByteRange range) const;
  // The pages wholly inside `range` (ends at or beyond EOF count as whole) hold new content under
  // these masks.
  void Regrant(const std::vector<Id>& ids, ByteRange range);

  // Takes what may not be written back out of `bytes`.
  void Subtract(RangeSet& bytes) const;

 private:
  struct Mask {
    Id id;
    ByteRange range;
    std::unordered_set<uint64_t> regranted;  // page numbers
  };
  std::list<Mask> masks_;
  Id next_ = 1;
};

}  // namespace faultline::fs
