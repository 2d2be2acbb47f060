// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace faultline::control {

/// What a command on one mount was given.
struct MountArguments {
  std::string mount;
  std::set<std::string, std::less<>> options;  // as "--json"

  bool Has(std::string_view option) const { return options.contains(option); }
};

/// EINVAL names what is unknown, missing or too much.
Result<MountArguments> ParseMountArguments(const std::vector<std::string>& words,
                                           std::initializer_list<std::string_view> known);

}  // namespace faultline::control
