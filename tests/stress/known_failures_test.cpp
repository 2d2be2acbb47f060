// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/known_failures.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace faultline::stress {
namespace {

ScenarioResult Failing(const char* scenario, std::vector<Verdict> verdicts) {
  ScenarioResult result;
  result.scenario = scenario;
  for (Verdict verdict : verdicts) result.violations.Add({verdict, "", "", {}});
  result.Conclude(false, std::nullopt);
  return result;
}

Outcome Judge(const std::string& known, ScenarioResult result) {
  auto parsed = KnownFailures::Parse(known);
  EXPECT_TRUE(parsed) << parsed.error().message();
  parsed->Apply(result);
  return result.outcome;
}

TEST(KnownFailures, ExcuseWhatTheyListAndNothingElse) {
  auto punch = Failing("race-punch", {Verdict::kStaleAfterPunch});
  EXPECT_EQ(Judge("race-punch: stale after punch", punch), Outcome::kKnown);
  EXPECT_EQ(Judge("race-punch: torn cell", punch), Outcome::kFailed);
  EXPECT_EQ(Judge("race-zero: stale after punch", punch), Outcome::kFailed);
  EXPECT_EQ(Judge("*: stale after punch", punch), Outcome::kKnown);
  EXPECT_EQ(Judge("race-punch: *", punch), Outcome::kKnown);
  EXPECT_EQ(Judge("", punch), Outcome::kFailed);
}

TEST(KnownFailures, DoNotHideASecondFailure) {
  auto both = Failing("race-punch", {Verdict::kStaleAfterPunch, Verdict::kTornCell});
  EXPECT_EQ(Judge("race-punch: stale after punch", both), Outcome::kFailed);
  EXPECT_EQ(Judge("race-punch: stale after punch\n*: torn cell", both), Outcome::kKnown);
}

TEST(KnownFailures, ExcuseNoError) {
  ScenarioResult result;
  result.scenario = "cells";
  result.Conclude(false, Error(EIO));
  EXPECT_EQ(Judge("*: *", result), Outcome::kError);
}

TEST(KnownFailures, SkipCommentsAndBlanks) {
  EXPECT_EQ(
      Judge("# why\n\n  cells :  torn cell \t# because\n", Failing("cells", {Verdict::kTornCell})),
      Outcome::kKnown);
}

TEST(KnownFailures, RefuseLinesThatCouldNeverMatch) {
  for (const char* bad :
       {"cells", "cels: torn cell", "cells: worn cell", "cells:", ": torn cell"}) {
    auto parsed = KnownFailures::Parse(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().code(), EINVAL);
    EXPECT_NE(parsed.error().message().find(bad), std::string::npos);
  }
  EXPECT_FALSE(KnownFailures::Load("/nonexistent/known"));
}

TEST(KnownFailures, NameWhatNoLongerFails) {
  auto known = KnownFailures::Parse("cells: torn cell\nrace-punch: *\nrace-zero: *");
  ASSERT_TRUE(known);
  ScenarioResult not_run;
  not_run.scenario = "race-zero";
  std::vector results = {Failing("cells", {}), Failing("race-punch", {Verdict::kLostStore}),
                         not_run};
  EXPECT_EQ(known->NotSeen(results), std::vector<std::string>{"cells: torn cell"});
}

}  // namespace
}  // namespace faultline::stress
