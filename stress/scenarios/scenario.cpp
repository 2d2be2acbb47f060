// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenarios/scenario.h"

#include <algorithm>

#include "scenarios/cells.h"
#include "scenarios/races.h"

namespace faultline::stress {
namespace {

constexpr Scenario kScenarios[] = {
    {"cells",
     "concurrent writes, mapped stores, truncate, punch, zero, sync and every kind of read",
     "Threads write, store through mappings, truncate, punch, zero, sync and read files made of\n"
     "64-byte cells that name their writer, place and epoch. Every operation is recorded with its\n"
     "real-time interval; between windows each cell's history is judged as a linearizable "
     "register.\n"
     "Every few windows the files are emptied in one of several ways and a new epoch begins.",
     RunCells},
    {"race-punch", "mapped stores against fallocate(PUNCH_HOLE)",
     "One byte per slot is stored through a mapping, with writeback provoked, while a range is\n"
     "punched. After the return no old byte may be seen, by a load, pread, pread after the cache "
     "was\n"
     "dropped or an O_DIRECT read; nothing outside the range may change; later stores must be "
     "there.",
     RunRacePunch},
    {"race-zero", "mapped stores against fallocate(ZERO_RANGE)", "As race-punch, with ZERO_RANGE.",
     RunRaceZero},
    {"race-truncate", "mapped stores against ftruncate down and up",
     "As race-punch; the range reaches to the end of the file and is cut off and grown again.",
     RunRaceTruncate},
    {"race-copy", "mapped stores against the destination of copy_file_range",
     "As race-punch; the range is replaced by that of another file.", RunRaceCopy},
    {"race-direct", "mapped stores against an O_DIRECT write",
     "As race-punch; the range is replaced by one O_DIRECT pwrite. No filesystem orders the two, "
     "so\n"
     "rounds in which the next flush reports the collision (EIO) are counted and not judged: only\n"
     "old bytes that come back silently fail.",
     RunRaceDirect},
};

}  // namespace

const char* Name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed: return "passed";
    case Outcome::kFailed: return "FAILED";
    case Outcome::kNotRun: return "not run";
    case Outcome::kStopped: return "stopped";
    case Outcome::kKnown: return "known";
    case Outcome::kError: return "error";
  }
  return "?";
}

void ScenarioResult::Conclude(bool stopped, const std::optional<Error>& error) {
  if (error) reason = error->ToString();
  if (violations.Failures() > 0)
    outcome = Outcome::kFailed;
  else if (error)
    outcome = Outcome::kError;
  else
    outcome = stopped ? Outcome::kStopped : Outcome::kPassed;
}

std::span<const Scenario> AllScenarios() { return kScenarios; }

const Scenario* FindScenario(const std::string& name) {
  auto found = std::find_if(std::begin(kScenarios), std::end(kScenarios),
                            [&](const Scenario& scenario) { return scenario.name == name; });
  return found == std::end(kScenarios) ? nullptr : found;
}

}  // namespace faultline::stress
