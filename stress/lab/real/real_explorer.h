// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lab/real/races.h"
#include "lab/report/trace.h"

namespace faultline::lab {

struct RealOptions {
  unsigned preemptions = 2;  // every schedule with at most so many
  uint64_t most = 20'000;    // give up on the rest of them
  uint64_t random = 0;       // and so many with random priorities (PCT, ASPLOS 2010)
  unsigned changes = 3;      // priorities that change in such a schedule
  uint64_t seed = 1;
  std::string mutant = "none";  // see base/mutant.h
};

struct RealOutcome {
  std::string race;
  std::string mutant;
  std::string verdict;   // "safe", or what went wrong
  std::string schedule;  // replayable, empty when safe
  uint64_t schedules = 0;
  uint64_t turns = 0;     // of the longest
  bool complete = false;  // every schedule within the bound
  double seconds = 0;

  bool Safe() const { return verdict == "safe"; }
};

// Runs the schedules of a race until one fails. Each race has a process of its own: a deadlock, a
// failed check and an order violation end it and are verdicts.
RealOutcome ExploreReal(const RealRace& race, const RealOptions& options);

// "real/RACE:TURNS", "real@MUTANT/RACE:TURNS": which task goes on where it is not the one that
// would anyway, as "12b.30n"; b is the second actor, n the notifier, o the orphan collector.
bool IsRealSchedule(std::string_view text);
Result<Trace> ReplayReal(std::string_view text);

}  // namespace faultline::lab
