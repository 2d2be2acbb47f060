// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lab/engine/system.h"

namespace faultline::lab {

// A schedule step by step: who did what, and what it led to.
struct Trace {
  struct Line {
    size_t column;  // thread
    std::string text;
  };
  std::vector<std::string> columns;
  std::vector<Line> lines;
  std::string outcome;
};

// Follows "family/design/race:steps".
Result<Trace> Replay(const std::string& schedule);
std::string FormatColumns(const Trace& trace);
std::string FormatSvg(const Trace& trace, const std::string& title);

}  // namespace faultline::lab
