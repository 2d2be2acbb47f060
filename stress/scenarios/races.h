// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "scenarios/scenario.h"

namespace faultline::stress {

ScenarioResult RunRacePunch(const ScenarioContext& context);
ScenarioResult RunRaceZero(const ScenarioContext& context);
ScenarioResult RunRaceTruncate(const ScenarioContext& context);
ScenarioResult RunRaceCopy(const ScenarioContext& context);
ScenarioResult RunRaceDirect(const ScenarioContext& context);

}  // namespace faultline::stress
