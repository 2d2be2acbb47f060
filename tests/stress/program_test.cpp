// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/program.h"

#include <gtest/gtest.h>

#include "run/runner.h"

namespace faultline::stress {
namespace {

ScenarioResult With(Outcome outcome) {
  ScenarioResult result;
  result.outcome = outcome;
  return result;
}

int CodeOf(std::vector<Outcome> outcomes) {
  std::vector<ScenarioResult> results;
  for (Outcome outcome : outcomes) results.push_back(With(outcome));
  return ExitCode(results);
}

TEST(ExitCode, IsZeroOnlyWhenSomethingPassedAndNothingFailed) {
  EXPECT_EQ(CodeOf({Outcome::kPassed, Outcome::kNotRun}), 0);
  EXPECT_EQ(CodeOf({Outcome::kPassed, Outcome::kFailed}), 1);
  EXPECT_EQ(CodeOf({Outcome::kError, Outcome::kFailed}), 1);
  EXPECT_EQ(CodeOf({Outcome::kPassed, Outcome::kError}), 3);
  EXPECT_EQ(CodeOf({Outcome::kKnown}), 0);
  EXPECT_EQ(CodeOf({Outcome::kKnown, Outcome::kFailed}), 1);
  EXPECT_EQ(CodeOf({Outcome::kNotRun}), 3);
  EXPECT_EQ(CodeOf({Outcome::kStopped}), 3);
  EXPECT_EQ(CodeOf({}), 3);
}

TEST(Outcome, OfAViolationOutweighsAnError) {
  ScenarioResult result;
  result.violations.Add({Verdict::kLostStore, "", "", {}});
  result.Conclude(true, Error(EIO));
  EXPECT_EQ(result.outcome, Outcome::kFailed);
  EXPECT_FALSE(result.reason.empty());
}

TEST(Scenarios, AreAllListedAndFoundByName) {
  std::string list = ListScenarios();
  for (const Scenario& scenario : AllScenarios()) {
    EXPECT_NE(list.find(scenario.name), std::string::npos);
    EXPECT_EQ(FindScenario(scenario.name), &scenario);
  }
  Settings settings;
  EXPECT_EQ(Select(settings)->size(), AllScenarios().size());
  settings.scenarios = {"nonsense"};
  EXPECT_EQ(Select(settings).error().code(), EINVAL);
}

}  // namespace
}  // namespace faultline::stress
