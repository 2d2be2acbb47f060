// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace faultline::stress {

/// 64 bytes that say who wrote them, where and when, so that one bad cell proves what went wrong
/// without any log. Every byte takes part in the checksum. (After fio's verify headers, but small
/// enough that a page holds cells of many writers.)
struct Cell {
  uint32_t magic;
  uint32_t checksum;  // crc32c of everything after it
  uint64_t run;       // random per run
  uint64_t file;
  uint64_t offset;  // of this cell, in bytes
  uint32_t writer;
  uint32_t epoch;     // life of the file; only changes while nothing else runs
  uint64_t sequence;  // unique for a writer, growing
  uint64_t filler;    // follows from sequence and offset
  uint64_t tail;      // follows from run, file and offset
};
static_assert(sizeof(Cell) == 64);

inline constexpr uint64_t kCellSize = sizeof(Cell);
inline constexpr uint64_t kPageSize = 4096;
inline constexpr uint64_t kCellsPerPage = kPageSize / kCellSize;

struct CellIdentity {
  uint64_t run = 0;
  uint64_t file = 0;
  uint64_t offset = 0;
  uint32_t writer = 0;
  uint32_t epoch = 0;
  uint64_t sequence = 0;
};

Cell MakeCell(const CellIdentity& identity);

/// What is known about a cell that is about to be read. Sequences are bounds of what can be there:
/// below `oldest` is known overwritten, above `newest` was never written.
struct CellExpectation {
  uint64_t run = 0;
  uint64_t file = 0;
  uint64_t offset = 0;
  uint32_t epoch = 0;
  uint64_t oldest = 0;
  uint64_t newest = UINT64_MAX;
};

enum class CellState : uint8_t {
  kOk,
  kZero,
  kStale,        // of this cell and epoch, but older than what must be there
  kForeign,      // another run's or file's, never written, or not a cell at all
  kMisplaced,    // this file's, at another offset
  kTorn,         // parts of a cell of this place
  kResurrected,  // of an earlier life of this file
};

const char* Name(CellState state);

/// Judges the 64 bytes at `bytes`; never reads outside them.
CellState Classify(std::span<const std::byte, kCellSize> bytes, const CellExpectation& expectation);

/// "run 1f.. file 1 offset 0x40 writer 2 epoch 1 sequence 17", "zero", or a hex dump.
std::string Describe(std::span<const std::byte, kCellSize> bytes);

/// The 64 bytes at `offset` of a buffer.
inline std::span<const std::byte, kCellSize> CellAt(std::span<const std::byte> buffer,
                                                    uint64_t offset) {
  return std::span<const std::byte, kCellSize>(buffer.subspan(offset, kCellSize));
}

}  // namespace faultline::stress
