// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "check/verdict.h"
#include "io/filesystem.h"
#include "race/killer.h"
#include "run/pulse.h"

namespace faultline::stress {

struct RaceOptions {
  std::string directory;  // private to this race
  uint64_t run = 0;
  uint64_t seed = 0;
  uint64_t rounds = 0;
  bool fuse = false;
};

struct RaceOutcome {
  ViolationLog violations;
  uint64_t rounds = 0;
  uint64_t stale_rounds = 0;
  uint64_t lost_rounds = 0;  // lost inside or outside the range
  uint64_t window_rounds = 0;
  uint64_t reported_rounds = 0;  // not judged: the next flush failed, see Killer
  uint64_t stores = 0;
  std::optional<Error> error;  // what ended it early: of the filesystem (EIO, ...), not a verdict
  bool direct_reads = false;   // the last check of a round was an O_DIRECT read
};

/// Rounds of mapped one-byte stores racing one call of `killer`. After the call returned nothing
/// from before it may be visible through the mapping, by pread, after the cache was dropped, or by
/// an O_DIRECT read; nothing outside the range may change; stores that came after it must be there.
/// A round is fixed by seed and number, its interleaving is not.
Result<RaceOutcome> RunRace(Killer& killer, const RaceOptions& options, Pulse& pulse);

}  // namespace faultline::stress
