// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>

#include "scenarios/scenario.h"

namespace faultline::stress {

/// One line a scenario, its counters, what was left out and why, and the violations with the
/// operations around them.
std::string TextReport(std::span<const ScenarioResult> results);

/// "6 scenarios: 4 passed, 1 failed, 1 not run".
std::string Summary(std::span<const ScenarioResult> results);

}  // namespace faultline::stress
