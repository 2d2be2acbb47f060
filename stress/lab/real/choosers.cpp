// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/real/choosers.h"

#include <algorithm>

namespace faultline::lab {
namespace {

// The default first, the others in their order.
std::vector<uint8_t> Alternatives(const ThreadTurn& turn) {
  std::vector<uint8_t> all = {turn.Default()};
  for (const uint8_t task : turn.runnable)
    if (task != all.front()) all.push_back(task);
  return all;
}

}  // namespace

uint8_t BoundedSearch::Choose(const ThreadTurn& turn) {
  const size_t at = at_++;
  return at < prefix_.size() ? prefix_[at] : turn.Default();
}

bool BoundedSearch::Next(const std::vector<ThreadTurn>& turns) {
  std::vector<unsigned> used(turns.size() + 1, 0);
  for (size_t i = 0; i < turns.size(); ++i) used[i + 1] = used[i] + (turns[i].Preempts() ? 1 : 0);
  at_ = 0;
  for (size_t i = turns.size(); i-- > 0;) {
    if (turns[i].CouldGoOn() && used[i] >= preemptions_) continue;
    const std::vector<uint8_t> all = Alternatives(turns[i]);
    auto next = std::ranges::find(all, turns[i].chosen) + 1;
    if (next == all.end()) continue;
    prefix_.clear();
    for (size_t j = 0; j < i; ++j) prefix_.push_back(turns[j].chosen);
    prefix_.push_back(*next);
    return true;
  }
  return false;
}

RandomPriorities::RandomPriorities(uint64_t seed, unsigned changes, uint64_t turns)
    : random_(seed) {
  for (unsigned i = 0; i < changes; ++i)
    changes_.push_back(random_() % std::max<uint64_t>(turns, 1));
}

uint8_t RandomPriorities::Choose(const ThreadTurn& turn) {
  for (const uint8_t task : turn.runnable)
    while (priorities_.size() <= task) priorities_.push_back(1'000 + random_() % 1'000'000);
  const auto best = [&] {
    return *std::ranges::max_element(turn.runnable, {},
                                     [&](uint8_t task) { return priorities_[task]; });
  };
  if (std::ranges::find(changes_, at_++) != changes_.end()) priorities_[best()] = --lowest_;
  return best();
}

}  // namespace faultline::lab
