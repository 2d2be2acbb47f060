// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "run/pulse.h"
#include "scenarios/scenario.h"

namespace faultline::stress {

/// Compares what --keep left with its manifest, or with --crash-log what a crash left with the log.
/// Every cell is read by pread, by a load and, where it can be had, by O_DIRECT.
ScenarioResult Verify(const Settings& settings, Pulse& pulse);

/// The --keep half: every cell holds what the manifest says.
ScenarioResult VerifyKept(const Settings& settings, Pulse& pulse);

}  // namespace faultline::stress
