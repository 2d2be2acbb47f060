// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/extent_chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace faultline::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr BlockAddress Volume(uint64_t block) { return {Space::kVolume, block}; }
constexpr BlockAddress Unwritten(uint64_t block) { return {Space::kUnwritten, block}; }
constexpr BlockAddress Small(uint64_t block) { return {Space::kSmall, block}; }

std::vector<uint32_t> Crcs(uint32_t count, uint32_t from = 100) {
  std::vector<uint32_t> crcs(count);
  std::iota(crcs.begin(), crcs.end(), from);
  return crcs;
}

ChunkPtr Mapped(uint32_t first, uint32_t count, BlockAddress address, TxgId birth = 7) {
  ChunkEdit edit(nullptr);
  edit.Map(first, count, address, Crcs(address.space == Space::kUnwritten ? 0 : count), birth);
  return edit.Finish();
}

TEST(ExtentChunk, HoleHasNoRun) {
  ChunkPtr chunk = Mapped(10, 4, Volume(1000));
  EXPECT_EQ(chunk->Find(9), nullptr);
  EXPECT_EQ(chunk->Find(14), nullptr);
  EXPECT_EQ(chunk->AddressOf(0), std::nullopt);
  EXPECT_EQ(chunk->AddressOf(63), std::nullopt);
}

TEST(ExtentChunk, RunCoversItsFirstAndLastBlock) {
  ChunkPtr chunk = Mapped(10, 4, Volume(1000));
  EXPECT_EQ(chunk->AddressOf(10), Volume(1000));
  EXPECT_EQ(chunk->AddressOf(13), Volume(1003));
  EXPECT_EQ(chunk->Crc(10), 100u);
  EXPECT_EQ(chunk->Crc(13), 103u);
  EXPECT_EQ(chunk->AllocatedBlocks(), 4u);
}

TEST(ExtentChunk, WholeChunkIsOneRun) {
  ChunkPtr chunk = Mapped(0, kChunkBlocks, Volume(1));
  EXPECT_THAT(chunk->Runs(), ElementsAre(store::Run{0, kChunkBlocks, Volume(1), 7}));
}

TEST(ChunkEdit, LeavesItsBaseAlone) {
  ChunkPtr base = Mapped(0, 8, Volume(1000));
  ChunkEdit edit(base);
  edit.Unmap(0, 8);
  EXPECT_EQ(edit.Finish(), nullptr);
  EXPECT_EQ(base->AllocatedBlocks(), 8u);
  EXPECT_EQ(base->Crc(3), 103u);
}

TEST(ChunkEdit, UnmapOfTheMiddleSplitsARun) {
  ChunkEdit edit(Mapped(0, 8, Volume(1000)));
  edit.Unmap(3, 2);
  EXPECT_THAT(edit.Freed(), ElementsAre(Extent{Volume(1003), 2}));
  ChunkPtr chunk = edit.Finish();
  EXPECT_THAT(chunk->Runs(),
              ElementsAre(store::Run{0, 3, Volume(1000), 7}, store::Run{5, 3, Volume(1005), 7}));
  EXPECT_EQ(chunk->Crc(3), 0u);
  EXPECT_EQ(chunk->Crc(5), 105u);
}

TEST(ChunkEdit, UnmapOfAHoleFreesNothing) {
  ChunkEdit edit(Mapped(8, 8, Volume(1000)));
  edit.Unmap(0, 8);
  edit.Unmap(16, 48);
  edit.Unmap(20, 0);
  EXPECT_THAT(edit.Freed(), IsEmpty());
  EXPECT_EQ(edit.Finish()->AllocatedBlocks(), 8u);
}

TEST(ChunkEdit, MapFreesWhatItReplaces) {
  ChunkEdit edit(Mapped(0, 8, Volume(1000)));
  edit.Map(6, 4, Volume(2000), Crcs(4, 500), 8);
  EXPECT_THAT(edit.Freed(), ElementsAre(Extent{Volume(1006), 2}));
  EXPECT_THAT(edit.Finish()->Runs(),
              ElementsAre(store::Run{0, 6, Volume(1000), 7}, store::Run{6, 4, Volume(2000), 8}));
}

TEST(ChunkEdit, AdjacentRunsOfOneGroupMerge) {
  ChunkEdit edit(Mapped(0, 4, Volume(1000)));
  edit.Map(8, 4, Volume(1008), Crcs(4), 7);
  edit.Map(4, 4, Volume(1004), Crcs(4), 7);
  EXPECT_THAT(edit.Finish()->Runs(), ElementsAre(store::Run{0, 12, Volume(1000), 7}));
}

TEST(ChunkEdit, RunsOfDifferentBirthOrSpaceStayApart) {
  ChunkEdit edit(Mapped(0, 4, Volume(1000)));
  edit.Map(4, 4, Volume(1004), Crcs(4), 8);
  edit.Map(8, 4, Unwritten(1008), {}, 8);
  EXPECT_EQ(edit.Finish()->Runs().size(), 3u);
}

TEST(ChunkEdit, WritingAnUnwrittenBlockInPlaceFreesNothing) {
  ChunkEdit edit(Mapped(0, 8, Unwritten(1000)));
  edit.Map(2, 2, Volume(1002), Crcs(2), 8);
  EXPECT_THAT(edit.Freed(), IsEmpty());
  EXPECT_THAT(edit.Finish()->Runs(),
              ElementsAre(store::Run{0, 2, Unwritten(1000), 7}, store::Run{2, 2, Volume(1002), 8},
                          store::Run{4, 4, Unwritten(1004), 7}));
}

TEST(ChunkEdit, FreedUnwrittenBlocksAreVolumeBlocks) {
  ChunkEdit edit(Mapped(0, 8, Unwritten(1000)));
  edit.Unmap(0, 8);
  EXPECT_THAT(edit.Freed(), ElementsAre(Extent{Volume(1000), 8}));
}

TEST(ChunkEdit, MovingBlocksInsideTheChunkFreesNothing) {
  ChunkEdit edit(Mapped(8, 8, Volume(1000)));
  edit.Unmap(8, 8);
  edit.Map(0, 8, Volume(1000), Crcs(8), 7);
  EXPECT_THAT(edit.Freed(), IsEmpty());
}

TEST(ChunkEdit, PartlyTakenBackExtentIsFreedAroundTheHole) {
  ChunkEdit edit(Mapped(8, 8, Volume(1000)));
  edit.Unmap(8, 8);
  edit.Map(0, 2, Volume(1003), Crcs(2), 7);
  EXPECT_THAT(edit.Freed(),
              ::testing::UnorderedElementsAre(Extent{Volume(1000), 3}, Extent{Volume(1005), 3}));
}

TEST(ChunkEdit, WhatWasMappedAndUnmappedInOneEditIsFreed) {
  ChunkEdit edit(nullptr);
  edit.Map(0, 4, Small(10), Crcs(4), 7);
  edit.Unmap(0, 4);
  EXPECT_THAT(edit.Freed(), ElementsAre(Extent{Small(10), 4}));
  EXPECT_EQ(edit.Finish(), nullptr);
}

TEST(ChunkEdit, DataStaysUntilItsBlockIsReplaced) {
  auto content = std::make_shared<const BlockBuffer>(1);
  const BlockPtr data[] = {content, content};
  ChunkEdit edit(nullptr);
  edit.Map(5, 2, Small(10), Crcs(2), 7, data);
  ChunkPtr chunk = edit.Finish();
  EXPECT_EQ(chunk->Data(5), content);
  EXPECT_EQ(chunk->Data(6), content);
  EXPECT_EQ(chunk->Data(7), nullptr);

  ChunkEdit second(chunk);
  second.Map(5, 1, Volume(99), Crcs(1), 8);
  chunk = second.Finish();
  EXPECT_EQ(chunk->Data(5), nullptr);
  EXPECT_EQ(chunk->Data(6), content);
}

}  // namespace
}  // namespace faultline::store
