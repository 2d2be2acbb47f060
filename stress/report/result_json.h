// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include "scenarios/scenario.h"

namespace faultline::stress {

nlohmann::json ToJson(const ScenarioResult& result);
/// The inverse, as far as a report needs it. Throws nlohmann's exceptions on anything else.
ScenarioResult ResultFromJson(const nlohmann::json& json);

}  // namespace faultline::stress
