// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "lab/engine/explorer.h"
#include "lab/matrix/cell.h"

namespace faultline::lab {

// What a run found in one cell, beside what was expected.
struct CellResult {
  std::string family;
  std::string design;
  std::string race;
  std::string verdict;
  std::string expected;
  std::string reason;
  std::string schedule;  // "family/design/race:steps", empty when sound
  uint64_t states = 0;
  uint64_t transitions = 0;
  uint64_t depth = 0;
  double seconds = 0;
  bool complete = true;

  bool Matches() const { return complete && verdict == expected; }
};

CellResult Judge(const Cell& cell, const Exploration& exploration);

nlohmann::json ToJson(const std::vector<CellResult>& results);
Result<std::vector<CellResult>> FromJson(const std::string& text);

// Results of shards put together in the order of the table. Fails when a cell is there twice with
// different verdicts or not at all.
Result<std::vector<CellResult>> Merge(const std::vector<CellResult>& results);

}  // namespace faultline::lab
