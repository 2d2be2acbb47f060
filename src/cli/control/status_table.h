// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace faultline::control {

/// The answer of `faultline status` for people. What is missing in `status` is shown as "?": the
/// daemon may be of another version.
std::string FormatStatus(const nlohmann::json& status);

/// "12.3 GiB"
std::string FormatBytes(double bytes);
/// "3 d 4 h", "12 min 5 s", "250 ms"
std::string FormatDuration(double seconds);

}  // namespace faultline::control
