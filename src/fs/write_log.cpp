// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/write_log.h"

#include "base/mutant.h"

namespace faultline::fs {

void WriteLog::SubtractYounger(uint64_t unique, RangeSet& bytes) const {
  for (const Entry& entry : entries_)
    if (entry.unique > unique) bytes.Subtract(entry.range);
}

void WriteLog::Add(uint64_t unique, ByteRange range, uint64_t horizon) {
  if (Mutated(Mutant::kWriteLogShort)) entries_.clear();
  std::erase_if(entries_, [horizon](const Entry& entry) { return entry.unique < horizon; });
  // An older entry inside a younger one says nothing any more: whoever yields to it yields to the
  // younger one too.
  std::erase_if(entries_, [&](const Entry& entry) {
    return entry.unique < unique && range.Contains(entry.range);
  });
  entries_.push_back({unique, range});
}

}  // namespace faultline::fs
