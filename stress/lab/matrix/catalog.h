// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/matrix/cell.h"

namespace faultline::lab {

struct Selection {
  std::string family{};  // empty: all
  std::string design{};
  std::string race{};
};

// Cells that the selection names exactly, in the order of the table.
std::vector<Cell> SelectCells(const Selection& selection = {});
// By "family/design/race".
std::optional<Cell> FindCell(std::string_view name);

// One of `count` parts of the work: cells index, index + count, ... Parts share no state, so any
// program that starts processes can spread them.
struct Shard {
  size_t index = 1;  // 1..count
  size_t count = 1;
};
std::optional<Shard> ParseShard(std::string_view text);
template <typename T>
std::vector<T> Part(const std::vector<T>& all, Shard shard) {
  std::vector<T> part;
  for (size_t i = shard.index - 1; i < all.size(); i += shard.count) part.push_back(all[i]);
  return part;
}

}  // namespace faultline::lab
