// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_point.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace faultline::test_point {
namespace {

using namespace std::chrono_literals;

// The registry works in every build; only the macro is compiled out.
void Pass(const char* name) {
  internal::Point point(name);
  point.Pass();
}

class TestPoint : public testing::Test {
 protected:
  ~TestPoint() override { Reset(); }

  int Count(const char* name, int passes) {
    int before = calls_;
    for (int i = 0; i < passes; ++i) Pass(name);
    return calls_ - before;
  }
  Action Counting() {
    return Action::Call([this] { ++calls_; });
  }
  int calls_ = 0;
};

TEST_F(TestPoint, UnarmedPointDoesNothingButIsKnown) {
  EXPECT_EQ(Count("base.test.quiet", 3), 0);
  auto known = KnownPoints();
  EXPECT_TRUE(std::binary_search(known.begin(), known.end(), "base.test.quiet"));
}

TEST_F(TestPoint, EveryHitOfAnArmedPointActs) {
  Arm("a", Counting());
  EXPECT_EQ(Count("a", 3), 3);
  EXPECT_EQ(Count("ab", 3), 0);
  EXPECT_EQ(Hits("a"), 3u);
}

TEST_F(TestPoint, StarMatchesEveryNameThatBeginsSo) {
  Arm("fs.punch.*", Counting());
  EXPECT_EQ(Count("fs.punch.published", 1), 1);
  EXPECT_EQ(Count("fs.punc", 1), 0);
  EXPECT_EQ(Hits("fs.punch.*"), 1u);
}

TEST_F(TestPoint, OnceActsOnce) {
  Arm("a", Counting().Once());
  EXPECT_EQ(Count("a", 5), 1);
}

TEST_F(TestPoint, AtHitActsAtThatHitOnly) {
  Arm("a", Counting().AtHit(3));
  EXPECT_EQ(Count("a", 2), 0);
  EXPECT_EQ(Count("a", 1), 1);
  EXPECT_EQ(Count("a", 5), 0);
}

TEST_F(TestPoint, EveryActsAtEachMultiple) {
  Arm("a", Counting().Every(3));
  EXPECT_EQ(Count("a", 10), 3);
}

TEST_F(TestPoint, SameSeedMakesTheSameChoices) {
  std::vector<int> runs[2];
  for (auto& run : runs) {
    Arm("a", Counting().WithProbability(0.5, 11));
    for (int i = 0; i < 64; ++i) run.push_back(Count("a", 1));
  }
  EXPECT_EQ(runs[0], runs[1]);
  int sum = std::count(runs[0].begin(), runs[0].end(), 1);
  EXPECT_GT(sum, 0);
  EXPECT_LT(sum, 64);
}

TEST_F(TestPoint, BlockHoldsUntilRelease) {
  Arm("a", Action::Block());
  std::atomic<bool> passed = false;
  std::thread thread([&] {
    Pass("a");
    passed = true;
  });
  ASSERT_TRUE(WaitUntilHit("a", 1, 10s));
  EXPECT_FALSE(passed);
  Release("a");
  thread.join();
  EXPECT_TRUE(passed);
  Pass("a");  // disarmed: does not block
}

TEST_F(TestPoint, ResetLetsEverybodyGo) {
  Arm("a", Action::Block());
  std::thread first([] { Pass("a"); });
  std::thread second([] { Pass("a"); });
  ASSERT_TRUE(WaitUntilHit("a", 2, 10s));
  Reset();
  first.join();
  second.join();
}

TEST_F(TestPoint, WaitUntilHitGivesUpAtItsTimeout) {
  Arm("a", Counting());
  EXPECT_FALSE(WaitUntilHit("a", 1, 1ms));
}

TEST_F(TestPoint, RearmingCountsFromZero) {
  Arm("a", Counting());
  Count("a", 2);
  Arm("a", Counting());
  EXPECT_EQ(Hits("a"), 0u);
}

TEST_F(TestPoint, TextArmsWhatItSays) {
  ASSERT_TRUE(ArmFromText("seed:5,a=delay:1us@2,b*=delay:1ms%10,c=delay:0s/3").has_value());
  Count("a", 3);
  EXPECT_EQ(Hits("a"), 3u);
}

TEST_F(TestPoint, UnreadableTextIsNamedAndArmsNothing) {
  for (const char* text :
       {"a", "=crash", "a=explode", "a=delay:5", "a=delay:us", "a=delay:5us@", "a=delay:5us@0",
        "a=block%101", "a=crash:256", "seed:x", "a=delay:99999999999999s", "a=", "a=block@1@"}) {
    auto result = ArmFromText(std::string("good=block,") + text);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().code(), EINVAL);
    EXPECT_NE(result.error().message().find(text), std::string::npos) << result.error().message();
  }
  Pass("good");  // would block
}

TEST(TestPointDeathTest, CrashExitsWithItsCode) {
  EXPECT_EXIT(
      {
        static_cast<void>(ArmFromText("a=crash:7@2"));
        Pass("a");
        Pass("a");
      },
      testing::ExitedWithCode(7), "");
}

thread_local int t_yields = 0;

TEST_F(TestPoint, YieldHookSeesEveryPoint) {
  SetYieldHook([](const char*) { ++t_yields; });
  Pass("a");
  SetYieldHook(nullptr);
  Pass("a");
  EXPECT_EQ(t_yields, 1);
}

#ifdef FAULTLINE_TEST_POINTS
TEST_F(TestPoint, MacroPassesThePoint) {
  Arm("base.test.macro", Counting());
  FL_TEST_POINT("base.test.macro");
  EXPECT_EQ(calls_, 1);
}
#endif

}  // namespace
}  // namespace faultline::test_point
