// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "lab/designs/killer_design.h"
#include "lab/matrix/expected.h"

namespace faultline::lab {
namespace {

// A part of a family that has races of its own.
struct Group {
  const char* title;
  const char* family;
  bool (*has)(const std::string& design);
};

bool BehindFuse(const std::string& design) {
  return std::ranges::any_of(KillerDesigns(),
                             [&](const KillerDesign& d) { return d.name == design && d.Fuse(); });
}
bool InKernel(const std::string& design) { return !BehindFuse(design); }

constexpr Group kGroups[] = {{"mapping", "mapping", InKernel},
                             {"killer, kernel", "killer", InKernel},
                             {"killer, FUSE", "killer", BehindFuse},
                             {"freeze", "freeze", InKernel}};

// In the order of the catalog, where a race that some designs lack comes after its neighbour.
template <typename Member>
std::vector<std::string> Distinct(const std::vector<CellResult>& results, Member member) {
  std::vector<std::string> names;
  auto place = names.end();
  for (const CellResult& result : results) {
    auto found = std::ranges::find(names, result.*member);
    if (found == names.end()) found = names.insert(place, result.*member);
    place = found + 1;
  }
  return names;
}

std::vector<CellResult> Select(const std::vector<CellResult>& results, const Group& group) {
  std::vector<CellResult> selected;
  std::ranges::copy_if(results, std::back_inserter(selected), [&](const CellResult& r) {
    return r.family == group.family && group.has(r.design);
  });
  return selected;
}

std::string Entry(const std::vector<CellResult>& results, const std::string& design,
                  const std::string& race) {
  for (const CellResult& r : results) {
    if (r.design != design || r.race != race) continue;
    std::string text = r.verdict == "sound" ? "ok" : r.verdict;
    std::ranges::replace(text, '_', ' ');
    return r.Matches() ? text : text + " !";
  }
  return "";
}

using Rows = std::vector<std::vector<std::string>>;

Rows MakeRows(const std::vector<CellResult>& results, const char* title) {
  const auto designs = Distinct(results, &CellResult::design);
  Rows rows = {{title}};
  rows[0].insert(rows[0].end(), designs.begin(), designs.end());
  for (const std::string& race : Distinct(results, &CellResult::race)) {
    std::vector<std::string> row = {race};
    for (const std::string& design : designs) row.push_back(Entry(results, design, race));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string Render(const Rows& rows, TableStyle style) {
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const bool markdown = style == TableStyle::kMarkdown;
  std::string text;
  for (size_t n = 0; n < rows.size(); ++n) {
    for (size_t i = 0; i < widths.size(); ++i) {
      text += fmt::format("{}{:{}}{}", markdown ? "| " : "", rows[n][i], widths[i],
                          markdown ? " " : "  ");
    }
    text += markdown ? "|\n" : "\n";
    if (n != 0 || !markdown) continue;
    for (const size_t width : widths) text += fmt::format("|{:-<{}}", "", width + 2);
    text += "|\n";
  }
  return text;
}

}  // namespace

std::string FormatMatrix(const std::vector<CellResult>& results, TableStyle style) {
  std::string text;
  for (const Group& group : kGroups) {
    const auto selected = Select(results, group);
    if (selected.empty()) continue;
    if (!text.empty()) text += "\n";
    text += Render(MakeRows(selected, group.title), style);
  }
  return text;
}

std::string FormatTotals(const std::vector<CellResult>& results) {
  uint64_t states = 0;
  double seconds = 0;
  for (const CellResult& r : results) {
    states += r.states;
    seconds += r.seconds;
  }
  const auto sound = std::ranges::count(results, "sound", &CellResult::verdict);
  const auto matching = std::ranges::count_if(results, &CellResult::Matches);
  return fmt::format("{} cells: {} sound, {} not; {} as expected; {} states in {:.1f} s",
                     results.size(), sound, static_cast<long>(results.size()) - sound, matching,
                     states, seconds);
}

std::string FormatLine(const CellResult& r) {
  const std::string name = fmt::format("{}/{}/{}", r.family, r.design, r.race);
  std::string line =
      fmt::format("{:58} {:16} {:9} states  {}", name, r.verdict, r.states, r.schedule);
  if (!r.Matches()) line += fmt::format("\n    expected {}: {}", r.expected, r.reason);
  if (!r.complete) line += "\n    the state limit was reached";
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::vector<CellResult> ExpectedResults() {
  std::vector<CellResult> results;
  for (const ExpectedVerdict& e : ExpectedVerdicts()) {
    CellResult result;
    result.family = e.family;
    result.design = e.design;
    result.race = e.race;
    result.verdict = result.expected = Name(e.verdict);
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace faultline::lab
