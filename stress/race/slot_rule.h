// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "check/verdict.h"
#include "race/store_log.h"

namespace faultline::stress {

/// What may be seen in a slot after the storer stopped and the killer returned.
struct SlotQuestion {
  bool covered;       // the killer's range holds the slot
  bool page_covered;  // and the whole page
  bool fuse;          // FUSE page cache: stores made before the return may be lost
  uint8_t old_byte;
  uint8_t new_byte;  // equals old_byte outside the range
  uint8_t seen;
  Interval kill;
  Verdict stale;  // the killer's own name for it
};

/// Nothing when it is legal.
///
/// Outside the range the last store must be there. Inside, the killer took effect at one moment of
/// `kill`: stores that ended before it are gone, stores that began after it are there, and one that
/// overlaps it is before or after. A storer that saw the new content is after it.
/// The FUSE client drops the range once more after the server's reply and so loses stores made
/// before the call returned, whatever the storer saw: kKernelWindow. Native filesystems may zero a
/// partly covered page twice: the same.
std::optional<Verdict> JudgeSlot(const SlotQuestion& question, std::span<const SlotStore> stores);

}  // namespace faultline::stress
