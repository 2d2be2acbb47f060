// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/invariants.h"

#include <gtest/gtest.h>

#include "lab/model/memory.h"

namespace faultline::lab {
namespace {

// A clean cached page of block 0, mapped, as an undisturbed run leaves it.
World Healthy() {
  World w;
  w.tables[0] = {TableState::kLive, {0, 1}};
  w.threads[0].tlb[0] = {0, 1};
  w.folios[0].state = FolioState::kCached;
  w.folios[0].uptodate = 1;
  w.folios[0].mapcount = 1;
  w.extents[0] = 0;
  w.blocks[0].owner = Owner::kFile;
  return w;
}

TEST(Invariants, AcceptAHealthyWorld) {
  EXPECT_EQ(CheckState(Healthy()), Violation::kSound);
  EXPECT_EQ(CheckFinal(Healthy()), Violation::kSound);
}

TEST(Invariants, FindPteToADeadPageOnceTheKillerReturned) {
  World w = Healthy();
  w.threads[0].tlb[0] = {};
  w.folios[0].state = FolioState::kRemoved;
  EXPECT_EQ(CheckState(w), Violation::kSound);
  w.killed = 1;
  EXPECT_EQ(CheckState(w), Violation::kStaleMapping);
}

TEST(Invariants, FindTlbEntryThatOutlivesItsPte) {
  World w = Healthy();
  w.tables[0].pte = {};
  w.unmapped = 1;
  EXPECT_EQ(CheckState(w), Violation::kStaleMapping);
  w.threads[0].tlb[0] = {};
  EXPECT_EQ(CheckState(w), Violation::kSound);
}

TEST(Invariants, FindOldContentsInCacheOrOnDisk) {
  World cached = Healthy();
  cached.life = cached.killed = 1;
  cached.extents[0] = kNone;
  EXPECT_EQ(CheckState(cached), Violation::kStaleData);
  World on_disk = Healthy();
  on_disk.folios[0].content.life = on_disk.life = on_disk.killed = 1;
  EXPECT_EQ(CheckState(on_disk), Violation::kStaleData);
  on_disk.blocks[0].content.life = 1;
  EXPECT_EQ(CheckState(on_disk), Violation::kSound);
}

TEST(Invariants, FindBytesOfAnotherFile) {
  World w = Healthy();
  w.folios[0].content.life = kForeign;
  EXPECT_EQ(CheckState(w), Violation::kRecycledBlock);
}

TEST(Invariants, FindAPageDirtiedWhileFrozen) {
  World w = Healthy();
  w.frozen = 1;
  EXPECT_EQ(CheckState(w), Violation::kSound);
  w.folios[0].dirty = 1;
  EXPECT_EQ(CheckState(w), Violation::kFreezePassed);
}

TEST(Invariants, FindAStoreThatIsNowhere) {
  World w = Healthy();
  w.must_survive = 2;
  EXPECT_EQ(CheckFinal(w), Violation::kLostStore);
  w.folios[0].content.stores = 2;
  w.folios[0].dirty = 1;
  EXPECT_EQ(CheckFinal(w), Violation::kSound);
}

TEST(Invariants, FindACleanPageThatWasNeverWritten) {
  World w = Healthy();
  w.folios[0].content.stores = 2;
  EXPECT_EQ(CheckFinal(w), Violation::kLostStore);
  w.blocks[0].content.stores = 2;
  EXPECT_EQ(CheckFinal(w), Violation::kSound);
}

TEST(Invariants, FindAWriteToARecycledBlockOrAFrozenDisk) {
  const Rules rules;
  const Program program("test");
  World w = Healthy();
  w.blocks[0].owner = Owner::kOther;
  Turn recycled{w, w.threads[0], program, rules};
  WriteBlock(recycled, 0, 0, {});
  EXPECT_EQ(w.violation, Violation::kRecycledBlock);
  w = Healthy();
  w.frozen = 1;
  WriteBlock(recycled, 0, 0, {});
  EXPECT_EQ(w.violation, Violation::kFreezePassed);
}

TEST(Invariants, FindUseOfAFreedPageTable) {
  const Rules rules;
  const Program program("test");
  World w = Healthy();
  w.tables[0].state = TableState::kFreed;
  Turn r{w, w.threads[0], program, rules};
  EXPECT_FALSE(TableIsLive(r, 0));
  EXPECT_EQ(w.violation, Violation::kFreedTable);
}

}  // namespace
}  // namespace faultline::lab
