// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace faultline::control {

/// One word behind `faultline`. To add one: a file like status_command.cpp, a line in
/// faultline.cpp.
struct Command {
  std::string_view name;
  std::string_view arguments;  // as in the usage line
  std::string_view summary;    // one line, for `faultline --help`
  std::string_view help;       // for `faultline COMMAND --help`
  /// What goes to stdout. EINVAL: wrong usage.
  Result<std::string> (*run)(const std::vector<std::string>& arguments);
};

extern const Command kStatusCommand;
extern const Command kLocksCommand;

}  // namespace faultline::control
