// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/matrix/catalog.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace faultline::lab {
namespace {

bool Matches(const std::string& wanted, const std::string& name) {
  return wanted.empty() || wanted == name;
}

std::optional<size_t> ParseNumber(std::string_view text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

std::vector<Cell> SelectCells(const Selection& selection) {
  std::vector<Cell> cells;
  for (auto family : {MappingCells, KillerCells, FreezeCells})
    std::ranges::move(family(), std::back_inserter(cells));
  std::erase_if(cells, [&](const Cell& cell) {
    return !Matches(selection.family, cell.family) || !Matches(selection.design, cell.design) ||
           !Matches(selection.race, cell.race);
  });
  return cells;
}

std::optional<Cell> FindCell(std::string_view name) {
  for (const Cell& cell : SelectCells()) {
    if (cell.Name() == name) return cell;
  }
  return std::nullopt;
}

std::optional<Shard> ParseShard(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto index = ParseNumber(text.substr(0, slash));
  const auto count = ParseNumber(text.substr(slash + 1));
  if (!index || !count || *index < 1 || *index > *count) return std::nullopt;
  return Shard{*index, *count};
}

}  // namespace faultline::lab
