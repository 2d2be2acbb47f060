// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "base/mutant.h"
#include "lab/real/byte_history.h"
#include "lab/real/real_explorer.h"
#include "lab/real/real_schedule.h"

namespace faultline::lab {
namespace {

RealOutcome Explored(std::string_view race, RealOptions options = {.most = 200, .random = 100}) {
  return ExploreReal(*ParseRace(race), options);
}

TEST(ByteHistory, ReplacedValueMayNotBeSeen) {
  ByteHistory history;
  history.EndWrite(history.BeginWrite({0, 10}, 'o'));
  history.EndWrite(history.BeginWrite({0, 5}, 'n'));
  const uint64_t begin = history.Now();
  EXPECT_EQ(history.Judge(7, 'o', begin), std::nullopt);
  EXPECT_EQ(history.Judge(3, 'n', begin), std::nullopt);
  EXPECT_NE(history.Judge(3, 'o', begin), std::nullopt);
  EXPECT_NE(history.Judge(3, 'x', begin), std::nullopt);
}

TEST(ByteHistory, ConcurrentWritersMayBothBeSeen) {
  ByteHistory history;
  const auto first = history.BeginWrite({0, 1}, 'a');
  const auto second = history.BeginWrite({0, 1}, 'b');
  history.EndWrite(second);
  history.EndWrite(first);
  EXPECT_EQ(history.Judge(0, 'a', history.Now()), std::nullopt);
  EXPECT_EQ(history.Judge(0, 'b', history.Now()), std::nullopt);
}

TEST(ByteHistory, MappedStoreBesideAKillerMayBeLost) {
  using Kind = ByteHistory::Kind;
  ByteHistory history;
  const auto killer = history.BeginWrite({0, 1}, '\0', Kind::kKiller);
  history.EndWrite(history.BeginWrite({0, 1}, 'p', Kind::kMappedStore));
  history.EndWrite(history.BeginWrite({0, 1}, 'q', Kind::kMappedStore));
  history.EndWrite(killer);
  EXPECT_EQ(history.Judge(0, 'p', history.Now()), std::nullopt);
  history.EndWrite(history.BeginWrite({0, 1}, 'r', Kind::kMappedStore));
  EXPECT_NE(history.Judge(0, 'q', history.Now()), std::nullopt);
}

TEST(ByteHistory, WhatFollowsIsNotReplacedByWhatItHasSeen) {
  ByteHistory history;
  const auto killer = history.BeginWrite({0, 1}, '\0');
  const auto store = history.BeginWrite({0, 1}, 'f');
  history.EndWrite(store);
  history.EndWrite(killer);
  history.Follows(store, killer);
  EXPECT_NE(history.Judge(0, '\0', history.Now()), std::nullopt);
  EXPECT_EQ(history.Judge(0, 'f', history.Now()), std::nullopt);
}

TEST(RealSchedules, AreShortTextAndBack) {
  const auto parsed = ParseRealSchedule("real@no_mask/punch+page-out:3a.17n");
  ASSERT_TRUE(parsed) << parsed.error().ToString();
  EXPECT_EQ(parsed->mutant, "no_mask");
  EXPECT_EQ(parsed->race, "punch+page-out");
  EXPECT_EQ(parsed->deviations, (Deviations{{3, 3}, {17, 2}}));
  EXPECT_FALSE(ParseRealSchedule("real/punch"));
  EXPECT_FALSE(ParseRealSchedule("real/punch:3?"));
  EXPECT_FALSE(ParseRace("punch+nobody"));
}

TEST(RealRaces, BoundedSearchEnds) {
  const RealOutcome outcome = Explored("append+peek", {.preemptions = 1});
  EXPECT_TRUE(outcome.Safe()) << outcome.verdict << " " << outcome.schedule;
  EXPECT_TRUE(outcome.complete);
  EXPECT_GT(outcome.schedules, 50u);
}

class SafeRace : public ::testing::TestWithParam<std::string> {};

TEST_P(SafeRace, IsSafe) {
  const RealOutcome outcome = Explored(GetParam(), {.preemptions = 1, .most = 60, .random = 60});
  EXPECT_TRUE(outcome.Safe()) << outcome.verdict << "\nfaultline-lab replay " << outcome.schedule;
}
TEST_P(SafeRace, IsSafeInManySchedulesFull) {
  const RealOutcome outcome = Explored(GetParam(), {.most = 4000, .random = 1000});
  EXPECT_TRUE(outcome.Safe()) << outcome.verdict << "\nfaultline-lab replay " << outcome.schedule;
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const RealRace& race : RealRaces()) names.push_back(race.name);
  return names;
}
std::string TestName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (c == '+' || c == '-') c = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, SafeRace, ::testing::ValuesIn(Names()), TestName);

TEST(RealRaces, EveryPairOfSixAndSomeThrees) {
  const auto names = Names();
  EXPECT_GE(names.size(), 21u);
  EXPECT_NE(std::ranges::find(names, "truncate+reclaim"), names.end());
  EXPECT_NE(std::ranges::find(names, "punch+page-out+page-in"), names.end());
}

}  // namespace
}  // namespace faultline::lab
