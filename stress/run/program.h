// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>

#include "run/settings.h"
#include "scenarios/scenario.h"

namespace faultline::stress {

inline constexpr int kExitClean = 0;
inline constexpr int kExitViolation = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCouldNotRun = 3;

/// Runs what `settings` asks for, prints the report, writes the asked-for files; the exit code.
int RunProgram(const Settings& settings);

/// A violation outweighs everything; a run in which nothing was executed is not clean.
int ExitCode(std::span<const ScenarioResult> results);

/// Every scenario with its explanation.
std::string ListScenarios();

}  // namespace faultline::stress
