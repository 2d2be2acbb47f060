// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/slot_rule.h"

#include <gtest/gtest.h>

#include <set>

namespace faultline::stress {
namespace {

constexpr uint8_t kOld = 0x70, kNew = 0x00;

/// A slot in a wholly covered page, killed in [100, 200].
class Slot {
 public:
  Slot& Stored(uint8_t value, Instant begin, Instant end, bool saw_new = false) {
    stores_.push_back({value, saw_new, {begin, end}});
    return *this;
  }
  Slot& Outside() {
    question_.covered = question_.page_covered = false;
    question_.new_byte = kOld;
    return *this;
  }
  Slot& InEdgePage() {
    question_.page_covered = false;
    return *this;
  }
  Slot& OnFuse() {
    question_.fuse = true;
    return *this;
  }
  std::string Holds(uint8_t seen) {
    question_.seen = seen;
    auto verdict = JudgeSlot(question_, stores_);
    return verdict ? Name(*verdict) : "legal";
  }

 private:
  SlotQuestion question_{.covered = true,
                         .page_covered = true,
                         .fuse = false,
                         .old_byte = kOld,
                         .new_byte = kNew,
                         .seen = 0,
                         .kill = {100, 200},
                         .stale = Verdict::kStaleAfterPunch};
  std::vector<SlotStore> stores_;
};

TEST(SlotRule, AcceptsTheNewByte) { EXPECT_EQ(Slot().Holds(kNew), "legal"); }
TEST(SlotRule, FlagsTheOldByte) { EXPECT_EQ(Slot().Holds(kOld), "stale after punch"); }

TEST(SlotRule, FlagsAStoreFromBeforeTheKiller) {
  EXPECT_EQ(Slot().Stored(1, 10, 11).Holds(1), "stale after punch");
}
TEST(SlotRule, AcceptsAStoreDuringTheKillerEitherWay) {
  EXPECT_EQ(Slot().Stored(1, 150, 151).Holds(1), "legal");
  EXPECT_EQ(Slot().Stored(1, 150, 151).Holds(kNew), "legal");
}
TEST(SlotRule, RequiresAStoreFromAfterTheKiller) {
  EXPECT_EQ(Slot().Stored(1, 250, 251).Holds(1), "legal");
  EXPECT_EQ(Slot().Stored(1, 250, 251).Holds(kNew), "lost store");
}
TEST(SlotRule, RequiresAStoreThatSawTheNewContent) {
  EXPECT_EQ(Slot().Stored(1, 150, 151, true).Holds(kNew), "lost store");
}
TEST(SlotRule, ExcusesThatLossOnFuse) {
  EXPECT_EQ(Slot().OnFuse().Stored(1, 150, 151, true).Holds(kNew), "kernel window");
}
TEST(SlotRule, ExcusesThatLossInAnEdgePage) {
  EXPECT_EQ(Slot().InEdgePage().Stored(1, 150, 151, true).Holds(kNew), "kernel window");
}
TEST(SlotRule, DoesNotExcuseALossAfterTheReturnOnFuse) {
  EXPECT_EQ(Slot().OnFuse().Stored(1, 250, 251, true).Holds(kNew), "lost store");
}
TEST(SlotRule, FlagsAnEarlierStoreThatIsBack) {
  EXPECT_EQ(Slot().Stored(1, 150, 151).Stored(2, 160, 161).Holds(1), "lost store");
}
TEST(SlotRule, ExcusesAnEarlierStoreOfTheSameKillerOnFuse) {
  EXPECT_EQ(Slot().OnFuse().Stored(1, 150, 151).Stored(2, 160, 161).Holds(1), "kernel window");
  EXPECT_EQ(Slot().OnFuse().Stored(1, 150, 151).Stored(2, 260, 261).Holds(1), "lost store");
}
TEST(SlotRule, FlagsABytenobodyWrote) { EXPECT_EQ(Slot().Holds(0x55), "foreign data"); }

TEST(SlotRule, RequiresTheLastStoreOutsideTheRange) {
  EXPECT_EQ(Slot().Outside().Holds(kOld), "legal");
  EXPECT_EQ(Slot().Outside().Stored(1, 150, 151).Holds(1), "legal");
  EXPECT_EQ(Slot().Outside().Stored(1, 150, 151).Holds(kOld), "lost outside the range");
  EXPECT_EQ(Slot().Outside().Stored(1, 10, 11).Stored(2, 20, 21).Holds(1),
            "lost outside the range");
}

TEST(SlotValue, NamesItsStore) {
  for (uint8_t old_byte : {0, 1, 7, 255}) {
    for (uint8_t new_byte : {0, 1, 100, 254}) {
      std::set<uint8_t> used = {0, old_byte, new_byte};
      for (size_t nth = 0; nth < kMaxStoresPerSlot; ++nth)
        EXPECT_TRUE(used.insert(SlotValue(nth, old_byte, new_byte)).second)
            << int{old_byte} << " " << int{new_byte} << " " << nth;
    }
  }
}

}  // namespace
}  // namespace faultline::stress
