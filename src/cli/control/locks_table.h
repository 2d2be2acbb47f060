// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace faultline::control {

/// The answer of `faultline locks` for people.
std::string FormatLocks(const nlohmann::json& locks);

/// A graph for dot(1): the classes, and an arrow from what is held to what is taken under it.
/// Solid: declared and seen; dotted: declared, not seen yet; red: seen, not declared.
std::string FormatLockGraph(const nlohmann::json& locks);

}  // namespace faultline::control
