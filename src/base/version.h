// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace faultline {

/// Of the whole package, as in the project() lines of both builds.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace faultline
