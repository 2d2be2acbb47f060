// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <vector>

#include "scenarios/scenario.h"

namespace faultline::stress {

/// The scenarios that `settings` asks for, in order; EINVAL names an unknown one.
Result<std::vector<const Scenario*>> Select(const Settings& settings);

/// Runs them one after the other, each in a fresh directory that is removed afterwards (except what
/// --keep asks for), and hands over each result when it is there.
void RunScenarios(const std::vector<const Scenario*>& scenarios, const Settings& settings,
                  const Filesystem& filesystem, Pulse& pulse,
                  const std::function<void(const ScenarioResult&)>& done);

}  // namespace faultline::stress
