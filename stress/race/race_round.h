// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "base/types.h"
#include "race/killer.h"
#include "race/storer.h"

namespace faultline::stress {

/// Everything about a round that is drawn from the seed.
struct RoundPlan {
  uint32_t epoch = 0;
  ByteRange range;
  Writeback writeback = Writeback::kNone;
  bool fsync_before = false;  // the old content is on disk, not only dirty
  bool drop_before = false;   // and not in the cache
  Instant delay = 0;          // from the first pass to the killer
  std::optional<uint64_t> blind_page;
  uint64_t storer_seed = 0;
};

RoundPlan DrawRound(const Killer& killer, uint64_t seed, uint64_t round);

/// "round 17: [0x1000, 0x9c4f), writeback start, blind page 5"
std::string Describe(const RoundPlan& plan);

}  // namespace faultline::stress
