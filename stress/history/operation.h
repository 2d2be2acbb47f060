// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/verdict.h"
#include "io/instant.h"

namespace faultline::stress {

/// What a cell holds, as the checker sees it: zero, one particular write, or a mixture.
using CellValue = uint64_t;
inline constexpr CellValue kZeroValue = 0;
inline constexpr CellValue kTornValue = UINT64_MAX;

/// Writers count their writes from 1, so a value is unique in a run and never zero.
inline constexpr CellValue MakeValue(uint32_t writer, uint64_t sequence) {
  return (uint64_t{writer} + 1) << 48 | sequence;
}
inline constexpr uint32_t WriterOf(CellValue value) {
  return static_cast<uint32_t>(value >> 48) - 1;
}
inline constexpr uint64_t SequenceOf(CellValue value) { return value & ((uint64_t{1} << 48) - 1); }

/// "zero", "torn", or "writer 3 sequence 17".
std::string DescribeValue(CellValue value);

enum class Effect : uint8_t {
  kWrites,   // cell i of the range gets value first_value + i
  kZeroes,   // every cell of the range gets zero
  kMayZero,  // some cells of the range may get zero (growing a file over what lies beyond its end)
  kReads,    // cell i of the range had values[i]
  kNone,     // only for the timeline (fsync, msync)
};

/// One call on one file, as a thread recorded it: it took effect somewhere in `when`, on each cell
/// at a moment of its own.
struct Operation {
  const char* call = "";
  Effect effect = Effect::kNone;
  Verdict stale = Verdict::kStaleAfterWrite;  // of who still sees what it removed
  bool maybe = false;                         // it failed: it happened, or not, or in part
  bool direct = false;                        // kReads: past the page cache
  uint16_t thread = 0;
  uint32_t file = 0;
  uint32_t first_cell = 0;
  uint32_t cells = 0;
  Interval when;
  CellValue first_value = kZeroValue;  // kWrites
  uint32_t values = 0;                 // kReads: index into ThreadHistory::values

  bool Covers(uint32_t cell) const { return cell - first_cell < cells; }
};

/// Written by one thread without synchronisation, read after it was joined.
struct ThreadHistory {
  std::vector<Operation> operations;
  std::vector<CellValue> values;

  void Clear() {
    operations.clear();
    values.clear();
  }
};

}  // namespace faultline::stress
