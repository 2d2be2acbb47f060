// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdint>

#include "base/types.h"
#include "cells/cell.h"

namespace faultline::stress {

/// The file that every race is about: 16 pages of cells. In each page two cells are *slots*: one
/// byte of them is stored to while the killer runs. No other byte is ever stored to, so an old one
/// that is seen after the killer returned is stale, whatever the interleaving was.
inline constexpr uint64_t kRacePages = 16;
inline constexpr uint64_t kRaceSize = kRacePages * kPageSize;
inline constexpr size_t kSlotsPerPage = 2;
inline constexpr size_t kSlots = kRacePages * kSlotsPerPage;
inline constexpr std::array<uint64_t, kSlotsPerPage> kSlotCells = {512, 3072};

/// File ids and writers of the cells in a race.
inline constexpr uint64_t kRaceFile = 1;
inline constexpr uint64_t kReplacementFile = 1000;
inline constexpr uint64_t kBlindFile = 2000;
inline constexpr uint32_t kRaceWriter = 0;
inline constexpr uint32_t kReplacementWriter = 1;
inline constexpr uint32_t kBlindWriter = 2;

inline constexpr uint64_t SlotCell(size_t slot) {
  return slot / kSlotsPerPage * kPageSize + kSlotCells[slot % kSlotsPerPage];
}
inline constexpr uint64_t SlotByte(size_t slot) { return SlotCell(slot) + offsetof(Cell, filler); }
/// Eight bytes of the slot's cell that tell old from new content.
inline constexpr uint64_t SlotWitness(size_t slot) { return SlotCell(slot) + offsetof(Cell, tail); }
inline constexpr uint64_t PageOfSlot(size_t slot) { return slot / kSlotsPerPage; }

/// A range never cuts a slot's cell, so that a slot is inside or outside.
inline constexpr uint64_t AwayFromSlots(uint64_t offset) {
  uint64_t in_page = offset % kPageSize;
  for (uint64_t cell : kSlotCells)
    if (in_page > cell && in_page < cell + kCellSize) return offset - in_page + cell;
  return offset;
}

inline constexpr bool WhollyCovers(ByteRange range, uint64_t page) {
  return range.Contains(ByteRange{page * kPageSize, (page + 1) * kPageSize});
}

}  // namespace faultline::stress
