// SPDX-License-Identifier: GPL-2.0-or-later
#include "cells/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"

namespace faultline::stress {
namespace {

constexpr uint32_t kMagic = 0x6c4c4346;  // "FCLl"
constexpr size_t kChecksummedFrom = offsetof(Cell, run);

uint64_t Mix(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t TailOf(uint64_t run, uint64_t file, uint64_t offset) {
  return Mix(run ^ Mix(file ^ Mix(offset)));
}

uint32_t ChecksumOf(const Cell& cell) {
  auto bytes = std::as_bytes(std::span(&cell, 1));
  return Crc32c(bytes.subspan(kChecksummedFrom), cell.magic);
}

Cell Load(std::span<const std::byte, kCellSize> bytes) {
  Cell cell;
  std::memcpy(&cell, bytes.data(), sizeof(cell));
  return cell;
}

bool AllZero(std::span<const std::byte, kCellSize> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

bool Intact(const Cell& cell) { return cell.magic == kMagic && cell.checksum == ChecksumOf(cell); }

/// Some word is one that only a cell of this place has there.
bool HasPartOf(const Cell& cell, const CellExpectation& place) {
  return cell.magic == kMagic || cell.run == place.run ||
         cell.tail == TailOf(place.run, place.file, place.offset);
}

}  // namespace

Cell MakeCell(const CellIdentity& id) {
  Cell cell{.magic = kMagic,
            .checksum = 0,
            .run = id.run,
            .file = id.file,
            .offset = id.offset,
            .writer = id.writer,
            .epoch = id.epoch,
            .sequence = id.sequence,
            .filler = Mix(id.sequence ^ Mix(id.offset)),
            .tail = TailOf(id.run, id.file, id.offset)};
  cell.checksum = ChecksumOf(cell);
  return cell;
}

const char* Name(CellState state) {
  switch (state) {
    case CellState::kOk: return "ok";
    case CellState::kZero: return "zero";
    case CellState::kStale: return "stale";
    case CellState::kForeign: return "foreign";
    case CellState::kMisplaced: return "misplaced";
    case CellState::kTorn: return "torn";
    case CellState::kResurrected: return "resurrected";
  }
  return "?";
}

CellState Classify(std::span<const std::byte, kCellSize> bytes, const CellExpectation& expected) {
  if (AllZero(bytes)) return CellState::kZero;
  const Cell cell = Load(bytes);
  if (!Intact(cell)) return HasPartOf(cell, expected) ? CellState::kTorn : CellState::kForeign;
  if (cell.run != expected.run || cell.file != expected.file) return CellState::kForeign;
  if (cell.offset != expected.offset) return CellState::kMisplaced;
  if (cell.epoch < expected.epoch) return CellState::kResurrected;
  if (cell.epoch > expected.epoch || cell.sequence > expected.newest) return CellState::kForeign;
  if (cell.sequence < expected.oldest) return CellState::kStale;
  return CellState::kOk;
}

std::string Describe(std::span<const std::byte, kCellSize> bytes) {
  if (AllZero(bytes)) return "zero";
  const Cell cell = Load(bytes);
  if (Intact(cell)) {
    return fmt::format("run {:x} file {} offset {:#x} writer {} epoch {} sequence {}", cell.run,
                       cell.file, cell.offset, cell.writer, cell.epoch, cell.sequence);
  }
  std::string hex = "bytes";
  for (size_t word = 0; word < kCellSize / 8; ++word) {
    uint64_t value;
    std::memcpy(&value, bytes.data() + word * 8, sizeof(value));
    hex += fmt::format(" {:016x}", value);
  }
  return hex;
}

}  // namespace faultline::stress
