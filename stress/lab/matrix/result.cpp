// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/matrix/result.h"

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "lab/engine/schedule.h"
#include "lab/matrix/catalog.h"
#include "lab/matrix/expected.h"

namespace faultline::lab {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CellResult, family, design, race, verdict, expected, reason,
                                   schedule, states, transitions, depth, seconds, complete)

CellResult Judge(const Cell& cell, const Exploration& exploration) {
  const ExpectedVerdict* expected = Expected(cell);
  CellResult result{cell.family,
                    cell.design,
                    cell.race,
                    std::string(Name(exploration.verdict)),
                    expected != nullptr ? std::string(Name(expected->verdict)) : "no line",
                    expected != nullptr ? std::string(expected->reason) : "",
                    "",
                    exploration.states,
                    exploration.transitions,
                    exploration.depth,
                    exploration.seconds,
                    exploration.complete};
  if (exploration.verdict != Violation::kSound) {
    result.schedule = cell.Name() + ":" + FormatSchedule(exploration.schedule);
  }
  return result;
}

nlohmann::json ToJson(const std::vector<CellResult>& results) {
  return {{"format", "faultline-lab matrix 1"}, {"cells", results}};
}

Result<std::vector<CellResult>> FromJson(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object() ||
      json.value("format", "") != "faultline-lab matrix 1") {
    return Fail(EINVAL, "not a matrix written by faultline-lab");
  }
  try {
    return json.at("cells").get<std::vector<CellResult>>();
  } catch (const nlohmann::json::exception& error) {
    return Fail(EINVAL, "{}", error.what());
  }
}

Result<std::vector<CellResult>> Merge(const std::vector<CellResult>& results) {
  std::vector<CellResult> merged;
  for (const Cell& cell : SelectCells()) {
    const CellResult* found = nullptr;
    for (const CellResult& result : results) {
      if (result.family != cell.family || result.design != cell.design || result.race != cell.race)
        continue;
      if (found != nullptr && found->verdict != result.verdict) {
        return Fail(EINVAL, "{}: two verdicts", cell.Name());
      }
      found = &result;
    }
    if (found == nullptr) return Fail(ENOENT, "{}: in no shard", cell.Name());
    merged.push_back(*found);
  }
  return merged;
}

}  // namespace faultline::lab
