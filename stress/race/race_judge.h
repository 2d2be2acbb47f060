// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>

#include "check/verdict.h"
#include "race/killer.h"
#include "race/race_image.h"
#include "race/race_round.h"
#include "race/store_log.h"

namespace faultline::stress {

/// The facts of one finished round, and the verdict on what was read after it. Pure: tests feed it
/// hand-written rounds.
struct RaceFacts {
  RoundPlan plan;
  uint64_t run = 0;
  bool fuse = false;
  Verdict stale = Verdict::kStaleAfterWrite;
  const char* call = "";
  RaceImage old_image;
  RaceImage new_image;
  Interval kill;
  bool blind_must_stay = false;
};

class RaceJudge {
 public:
  explicit RaceJudge(const RaceFacts& facts) : facts_(facts) {}

  /// `seen` was read by `how` after the killer returned; slots are not looked at, the storer may
  /// still be running.
  void JudgeBytes(std::span<const std::byte> seen, const char* how);
  /// The same with slots, after everything stopped.
  void JudgeAll(std::span<const std::byte> seen, const char* how, const StoreLog& stores);

  bool stale() const { return stale_; }
  bool lost() const { return lost_; }
  const ViolationLog& violations() const { return violations_; }

 private:
  Verdict VerdictOf(const Difference& difference, std::span<const std::byte> seen) const;
  void JudgeSlotAt(size_t slot, std::span<const std::byte> seen, const char* how,
                   std::span<const SlotStore> stores);
  void JudgeBlindPage(std::span<const std::byte> seen, const char* how);
  void Report(Verdict verdict, uint64_t offset, const char* how, std::string what,
              std::span<const SlotStore> stores);
  uint32_t BlindMask() const;

  const RaceFacts& facts_;
  ViolationLog violations_;
  bool stale_ = false;
  bool lost_ = false;
};

}  // namespace faultline::stress
