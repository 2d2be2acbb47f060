// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/result_json.h"

#include <gtest/gtest.h>

#include "report/text_report.h"

namespace faultline::stress {
namespace {

ScenarioResult Sample() {
  ScenarioResult result;
  result.scenario = "race-punch";
  result.counters = {{"rounds", 10}, {"stale", 2}};
  result.left_out = {{"O_DIRECT reads", "cannot be had here"}};
  Violation stale{Verdict::kStaleAfterPunch, "page 3", "old bytes", {"first", "second"}};
  stale.events = {{1, 2, 3, TimelineEvent::Kind::kZeroes, "punch hole", "zero", true}};
  result.violations.Add(stale);
  result.latencies = {{.call = "pread"}};
  result.latencies[0].Add(700);
  result.violations.CountKernelWindow(4);
  result.seconds = 1.5;
  result.Conclude(false, std::nullopt);
  return result;
}

TEST(ResultJson, ComesBackAsItWas) {
  ScenarioResult result = ResultFromJson(ToJson(Sample()));
  EXPECT_EQ(ToJson(result), ToJson(Sample()));
  EXPECT_EQ(result.outcome, Outcome::kFailed);
  EXPECT_EQ(result.violations.kept().at(0).events.at(0).kind, TimelineEvent::Kind::kZeroes);
  EXPECT_EQ(result.latencies.at(0).total, 700u);
  EXPECT_EQ(result.violations.Count(Verdict::kStaleAfterPunch), 1u);
  EXPECT_EQ(result.violations.Count(Verdict::kKernelWindow), 4u);
}

TEST(ResultJson, KnowsEveryVerdictByName) {
  for (int i = 0; i <= static_cast<int>(Verdict::kKernelWindow); ++i) {
    ScenarioResult result;
    result.violations.Add({static_cast<Verdict>(i), "", "", {}});
    EXPECT_EQ(ResultFromJson(ToJson(result)).violations.Count(static_cast<Verdict>(i)), 1u) << i;
  }
}

TEST(TextReport, ShowsCountsReasonsAndTimelines) {
  std::string text = TextReport(std::vector{Sample()});
  for (const char* part : {"stale after punch, 1 times", "page 3: old bytes", "second", "FAILED",
                           "10 rounds, 2 stale", "O_DIRECT reads: cannot be had here"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(TextReport, DoesNotCallTheKernelWindowAViolation) {
  ScenarioResult result;
  result.violations.CountKernelWindow(3);
  result.Conclude(false, std::nullopt);
  EXPECT_EQ(result.outcome, Outcome::kPassed);
}

}  // namespace
}  // namespace faultline::stress
