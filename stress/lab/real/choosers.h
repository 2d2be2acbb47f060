// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include "lab/real/real_schedule.h"
#include "lab/real/turn_scheduler.h"

namespace faultline::lab {

// Every schedule with at most `preemptions`, depth first: the next one differs from the last in its
// latest possible turn (CHESS, OSDI 2008). A block is no preemption: whoever can run may follow.
class BoundedSearch {
 public:
  explicit BoundedSearch(unsigned preemptions) : preemptions_(preemptions) {}

  uint8_t Choose(const ThreadTurn& turn);
  // After a schedule. False: that was the last.
  bool Next(const std::vector<ThreadTurn>& turns);

 private:
  std::vector<uint8_t> prefix_;
  size_t at_ = 0;
  unsigned preemptions_;
};

// Random priorities that change at a few random turns.
class RandomPriorities {
 public:
  RandomPriorities(uint64_t seed, unsigned changes, uint64_t turns);
  uint8_t Choose(const ThreadTurn& turn);

 private:
  std::mt19937_64 random_;
  std::vector<uint64_t> priorities_;
  std::vector<uint64_t> changes_;
  uint64_t at_ = 0;
  uint64_t lowest_ = 1'000;
};

// Follows deviations.
inline uint8_t Follow(const Deviations& deviations, size_t at, const ThreadTurn& turn) {
  const auto found = deviations.find(at);
  const bool can = found != deviations.end() &&
                   std::ranges::find(turn.runnable, found->second) != turn.runnable.end();
  return can ? found->second : turn.Default();
}

}  // namespace faultline::lab
