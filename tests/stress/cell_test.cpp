// SPDX-License-Identifier: GPL-2.0-or-later
#include "cells/cell.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace faultline::stress {
namespace {

constexpr uint64_t kRun = 0x1234567890abcdef;
constexpr CellIdentity kIdentity{
    .run = kRun, .file = 3, .offset = 0x1240, .writer = 2, .epoch = 5, .sequence = 17};
constexpr CellExpectation kExpected{.run = kRun, .file = 3, .offset = 0x1240, .epoch = 5};

std::array<std::byte, kCellSize> Bytes(const Cell& cell) {
  std::array<std::byte, kCellSize> bytes;
  std::memcpy(bytes.data(), &cell, sizeof(cell));
  return bytes;
}

CellState StateOf(const CellIdentity& identity, const CellExpectation& expected = kExpected) {
  return Classify(Bytes(MakeCell(identity)), expected);
}

TEST(Cell, ThatIsExpectedIsOk) { EXPECT_EQ(StateOf(kIdentity), CellState::kOk); }

TEST(Cell, OfZerosIsZero) {
  std::array<std::byte, kCellSize> zero{};
  EXPECT_EQ(Classify(zero, kExpected), CellState::kZero);
}

TEST(Cell, OfAnotherRunIsForeign) {
  CellIdentity other = kIdentity;
  other.run ^= 1;
  EXPECT_EQ(StateOf(other), CellState::kForeign);
}

TEST(Cell, OfAnotherFileIsForeign) {
  CellIdentity other = kIdentity;
  other.file = 4;
  EXPECT_EQ(StateOf(other), CellState::kForeign);
}

TEST(Cell, OfAnotherOffsetIsMisplaced) {
  CellIdentity other = kIdentity;
  other.offset += kCellSize;
  EXPECT_EQ(StateOf(other), CellState::kMisplaced);
}

TEST(Cell, OfAnEarlierEpochIsResurrected) {
  CellIdentity other = kIdentity;
  other.epoch = 4;
  EXPECT_EQ(StateOf(other), CellState::kResurrected);
}

TEST(Cell, OfAnEpochThatHasNotBegunIsForeign) {
  CellIdentity other = kIdentity;
  other.epoch = 6;
  EXPECT_EQ(StateOf(other), CellState::kForeign);
}

TEST(Cell, OlderThanWhatMustBeThereIsStale) {
  CellExpectation expected = kExpected;
  expected.oldest = 17;
  EXPECT_EQ(StateOf(kIdentity, expected), CellState::kOk);
  expected.oldest = 18;
  EXPECT_EQ(StateOf(kIdentity, expected), CellState::kStale);
}

TEST(Cell, ThatWasNeverWrittenIsForeign) {
  CellExpectation expected = kExpected;
  expected.newest = 16;
  EXPECT_EQ(StateOf(kIdentity, expected), CellState::kForeign);
}

TEST(Cell, IsTornWhenAnyByteIsWrong) {
  const auto good = Bytes(MakeCell(kIdentity));
  for (size_t i = 0; i < kCellSize; ++i) {
    auto bytes = good;
    bytes[i] ^= std::byte{0x10};
    EXPECT_EQ(Classify(bytes, kExpected), CellState::kTorn) << "byte " << i;
  }
}

TEST(Cell, IsTornWhenItIsPartOfOneAndPartOfAnother) {
  CellIdentity next = kIdentity;
  next.sequence = 18;
  const auto first = Bytes(MakeCell(kIdentity)), second = Bytes(MakeCell(next));
  for (size_t cut = 8; cut < kCellSize; cut += 8) {
    auto bytes = first;
    std::memcpy(bytes.data() + cut, second.data() + cut, kCellSize - cut);
    CellState expected = cut > offsetof(Cell, filler) ? CellState::kOk : CellState::kTorn;
    EXPECT_EQ(Classify(bytes, kExpected), expected) << "cut at " << cut;
  }
}

TEST(Cell, IsTornWhenEitherHalfIsZero) {
  for (size_t begin : {size_t{0}, kCellSize / 2}) {
    auto bytes = Bytes(MakeCell(kIdentity));
    std::memset(bytes.data() + begin, 0, kCellSize / 2);
    EXPECT_EQ(Classify(bytes, kExpected), CellState::kTorn) << "zeros from " << begin;
  }
}

TEST(Cell, OfBytesThatAreNoCellIsForeign) {
  std::array<std::byte, kCellSize> text;
  std::memset(text.data(), 'x', text.size());
  EXPECT_EQ(Classify(text, kExpected), CellState::kForeign);
}

TEST(Cell, DescribesItself) {
  EXPECT_EQ(Describe(Bytes(MakeCell(kIdentity))),
            "run 1234567890abcdef file 3 offset 0x1240 writer 2 epoch 5 sequence 17");
}

}  // namespace
}  // namespace faultline::stress
