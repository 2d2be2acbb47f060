// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lab/cli/command.h"
#include "lab/designs/freeze_design.h"
#include "lab/designs/killer_design.h"
#include "lab/designs/mapping_design.h"
#include "lab/matrix/catalog.h"
#include "lab/model/rules.h"

namespace faultline::lab {
namespace {

template <typename Designs>
void PrintDesigns(const char* family, const Designs& designs) {
  fmt::print("{}\n", family);
  for (const auto& design : designs) fmt::print("  {:38} {}\n", design.name, design.text);
}

void PrintRaces(const char* family) {
  std::vector<std::string> seen;
  fmt::print("  against:");
  for (const Cell& cell : SelectCells({.family = family})) {
    if (std::find(seen.begin(), seen.end(), cell.race) != seen.end()) continue;
    seen.push_back(cell.race);
    fmt::print(" {}", cell.race);
  }
  fmt::print("\n\n");
}

std::string CellsAsJson() {
  nlohmann::json cells = nlohmann::json::array();
  for (const Cell& cell : SelectCells()) {
    cells.push_back({{"family", cell.family}, {"design", cell.design}, {"race", cell.race}});
  }
  return cells.dump(1) + "\n";
}

}  // namespace

int ListCommand(const Arguments& arguments) {
  boost::program_options::options_description options("options");
  options.add_options()("json", "every cell as JSON");
  int exit_code = 0;
  const auto values = Parse(arguments, options, "list [--json]", exit_code);
  if (!values) return exit_code;
  if (values->count("json") != 0) return fmt::print("{}", CellsAsJson()), kAsExpected;
  PrintDesigns("mapping", MappingDesigns());
  PrintRaces("mapping");
  PrintDesigns("killer", KillerDesigns());
  PrintRaces("killer");
  PrintDesigns("freeze", FreezeDesigns());
  PrintRaces("freeze");
  fmt::print("rules of the model (run --without RULE)\n");
  for (const RuleText& rule : AllRules()) fmt::print("  {:38} {}\n", rule.name, rule.source);
  return kAsExpected;
}

}  // namespace faultline::lab
