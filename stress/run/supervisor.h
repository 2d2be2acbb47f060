// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "report/progress.h"
#include "scenarios/scenario.h"

namespace faultline::stress {

/// Runs `work` in a child process and watches it from here, where nothing touches the filesystem
/// under test: a child that hangs unkillably (state D) is described, given up and left behind, and
/// this process still ends. The child hands over results through a pipe. SIGINT and SIGTERM ask it
/// to finish early.
class Supervisor {
 public:
  using Report = std::function<void(const ScenarioResult&)>;
  using Work = std::function<void(Pulse&, const Report&)>;

  Supervisor(Pulse& pulse, dev_t device, Instant hang_after, Progress& progress)
      : pulse_(pulse), device_(device), hang_after_(hang_after), progress_(progress) {}

  /// What the child reported, and if it hung or died in a scenario, that scenario's result.
  Result<std::vector<ScenarioResult>> Run(const Work& work);

 private:
  void Watch(pid_t child, int results, int output);
  bool Receive(int results, int output);
  void TakeLine(const std::string& line);
  void GiveUp(pid_t child);
  void NoteDeath(int status);
  double SecondsInScenario() const;

  Pulse& pulse_;
  dev_t device_;
  Instant hang_after_;
  Progress& progress_;
  std::string received_;
  std::vector<ScenarioResult> results_;
  bool finished_ = false;
};

}  // namespace faultline::stress
