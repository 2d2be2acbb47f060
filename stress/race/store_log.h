// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "io/instant.h"
#include "race/race_layout.h"

namespace faultline::stress {

/// One mapped store to a slot.
struct SlotStore {
  uint8_t value;
  bool saw_new;  // the storer had loaded the killer's content from this cell just before
  Interval when;
};

/// The stores of one round, by slot, oldest first. Written by the storer, read after it stopped.
using StoreLog = std::array<std::vector<SlotStore>, kSlots>;

/// Values that a slot is stored to are neither its old nor its new byte, nor zero, nor used twice
/// in a round: a slot's byte names the store it comes from.
inline constexpr size_t kMaxStoresPerSlot = 240;

inline constexpr uint8_t SlotValue(size_t nth, uint8_t old_byte, uint8_t new_byte) {
  uint8_t low = old_byte < new_byte ? old_byte : new_byte;
  uint8_t high = old_byte < new_byte ? new_byte : old_byte;
  size_t value = nth + 1;
  if (low != 0 && value >= low) ++value;
  if (high != 0 && high != low && value >= high) ++value;
  return static_cast<uint8_t>(value);
}

}  // namespace faultline::stress
