// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/supervisor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace faultline::stress {
namespace {

class SupervisorTest : public testing::Test {
 protected:
  std::vector<ScenarioResult> Run(const Supervisor::Work& work, Instant hang_after) {
    auto results = Supervisor(*pulse_, 0, hang_after, progress_).Run(work);
    EXPECT_TRUE(results);
    return std::move(*results);
  }

  static constexpr Instant kLong = 60'000'000'000;
  Pulse* pulse_ = Pulse::CreateShared();
  Progress progress_;
};

TEST_F(SupervisorTest, ReceivesWhatTheChildReports) {
  auto results = Run(
      [](Pulse&, const Supervisor::Report& report) {
        ScenarioResult result;
        result.scenario = "one";
        result.Conclude(false, std::nullopt);
        report(result);
        result.scenario = "two";
        report(result);
      },
      kLong);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1].scenario, "two");
  EXPECT_EQ(results[1].outcome, Outcome::kPassed);
}

TEST_F(SupervisorTest, CallsADeadChildAnError) {
  auto results = Run([](Pulse&, const Supervisor::Report&) { raise(SIGKILL); }, kLong);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].outcome, Outcome::kError);
  EXPECT_NE(results[0].reason.find("Killed"), std::string::npos);
}

TEST_F(SupervisorTest, GivesUpAHungChild) {
  auto results = Run(
      [](Pulse& pulse, const Supervisor::Report&) {
        pulse.Begin("stuck");
        Doing doing(pulse, 0, "waiting for ever");
        for (;;) pause();
      },
      300'000'000);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].scenario, "stuck");
  EXPECT_EQ(results[0].violations.Count(Verdict::kHang), 1u);
  EXPECT_EQ(results[0].outcome, Outcome::kFailed);
}

}  // namespace
}  // namespace faultline::stress
