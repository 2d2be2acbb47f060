// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/engine/system.h"

namespace faultline::lab {

// A schedule as text: a..d steps a thread, A..D drains its store buffer, * ends a grace period,
// + gives the freed block to another file; a number in front repeats, so "3ab2c" is a a a b c c.
std::string FormatSchedule(const std::vector<System::Choice>& schedule);
std::optional<std::vector<System::Choice>> ParseSchedule(std::string_view text);

}  // namespace faultline::lab
