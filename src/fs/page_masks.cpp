// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/page_masks.h"

#include "base/mutant.h"

namespace faultline::fs {

PageMasks::Id PageMasks::Add(ByteRange range) {
  if (Mutated(Mutant::kNoMask)) range = {};
  if (Mutated(Mutant::kMaskWholePages)) range = range.RoundOut();
  if (Mutated(Mutant::kMaskInnerPages)) range = range.RoundIn();
  masks_.push_back({next_, range, {}});
  return next_++;
}

void PageMasks::Remove(Id id) {
  masks_.remove_if([id](const Mask& mask) { return mask.id == id; });
}

std::vector<PageMasks::Id> PageMasks::Over(ByteRange range) const {
  std::vector<Id> ids;
  for (const Mask& mask : masks_)
    if (mask.range.RoundOut().Overlaps(range)) ids.push_back(mask.id);
  return ids;
}

void PageMasks::Regrant(const std::vector<Id>& ids, ByteRange range) {
  if (Mutated(Mutant::kNoRegrant)) return;
  if (Mutated(Mutant::kRegrantPartly)) range = range.RoundOut();
  for (Mask& mask : masks_) {
    if (std::find(ids.begin(), ids.end(), mask.id) == ids.end()) continue;
    ByteRange pages = mask.range.RoundOut().Intersect(range.RoundIn());
    for (uint64_t page = pages.begin; page < pages.end; page += kBlockSize)
      mask.regranted.insert(page / kBlockSize);
  }
}

void PageMasks::Subtract(RangeSet& bytes) const {
  for (const Mask& mask : masks_) {
    if (mask.regranted.empty()) {
      bytes.Subtract(mask.range);
      continue;
    }
    const RangeSet before = bytes;
    for (ByteRange piece : before.Ranges()) {
      ByteRange masked = piece.Intersect(mask.range);
      while (!masked.Empty()) {
        ByteRange page = ByteRange{masked.begin, masked.begin + 1}.RoundOut().Intersect(masked);
        if (!mask.regranted.contains(page.begin / kBlockSize)) bytes.Subtract(page);
        masked.begin = page.end;
      }
    }
  }
}

}  // namespace faultline::fs
