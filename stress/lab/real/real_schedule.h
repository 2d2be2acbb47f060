// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lab/real/turn_scheduler.h"

namespace faultline::lab {

// Turns that differ from what goes on by itself: number of the turn, task.
using Deviations = std::map<size_t, uint8_t>;

struct RealSchedule {
  std::string mutant = "none";
  std::string race;
  Deviations deviations;
};

std::string FormatRealSchedule(const std::string& race, const std::string& mutant,
                               const std::vector<ThreadTurn>& turns);
Result<RealSchedule> ParseRealSchedule(std::string_view text);

}  // namespace faultline::lab
