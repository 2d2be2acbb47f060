// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "run/pulse.h"
#include "scenarios/scenario.h"

namespace faultline::stress {

/// Tells a waiting person what goes on: one line that is rewritten on a terminal, a plain line now
/// and then elsewhere. Writes to stderr, the report goes to stdout.
class Progress {
 public:
  Progress();

  void Show(const Pulse& pulse);
  void Finished(const ScenarioResult& result);

 private:
  bool terminal_;
  Instant start_;
  Instant next_ = 0;
};

}  // namespace faultline::stress
