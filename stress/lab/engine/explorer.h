// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "lab/engine/system.h"

namespace faultline::lab {

// What exploring a system found. `schedule` leads from the initial world to the violation, with
// as few steps as any schedule can have; it is empty when the system is sound.
struct Exploration {
  Violation verdict = Violation::kSound;
  std::vector<System::Choice> schedule;
  uint64_t states = 0;
  uint64_t transitions = 0;
  uint32_t depth = 0;
  double seconds = 0;
  bool complete = true;  // false: the state limit was reached, so "sound" is not proved
};

inline constexpr uint64_t kDefaultStateLimit = 8'000'000;

// Breadth first over every interleaving, states compared byte by byte (no hash compaction), so
// "sound" is a proof about the model. Beside the invariants it finds deadlocks and states from
// which no schedule lets every thread finish.
Exploration Explore(const System& system, uint64_t state_limit = kDefaultStateLimit);

}  // namespace faultline::lab
