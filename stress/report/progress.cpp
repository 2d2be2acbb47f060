// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace faultline::stress {
namespace {

constexpr Instant kTerminalPeriod = 200'000'000;
constexpr Instant kPlainPeriod = 10'000'000'000;

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) != 0), start_(Now()) {
  next_ = start_ + (terminal_ ? kTerminalPeriod : kPlainPeriod);
}

void Progress::Show(const Pulse& pulse) {
  Instant now = Now();
  const char* scenario = pulse.scenario;
  if (now < next_ || scenario == nullptr) return;
  next_ = now + (terminal_ ? kTerminalPeriod : kPlainPeriod);
  uint64_t goal = pulse.goal, done = pulse.done;
  std::string line = fmt::format("{:>5.0f} s  {:<14} {:>3} %  {} operations, {} violations",
                                 1e-9 * static_cast<double>(now - start_), scenario,
                                 goal == 0 ? 0 : 100 * done / goal, pulse.operations.load(),
                                 pulse.violations.load());
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r\x1b[K" : "", line, terminal_ ? "" : "\n");
  std::fflush(stderr);
}

void Progress::Finished(const ScenarioResult& result) {
  fmt::print(stderr, "{}{:<15} {} after {:.1f} s\n", terminal_ ? "\r\x1b[K" : "", result.scenario,
             Name(result.outcome), result.seconds);
}

}  // namespace faultline::stress
