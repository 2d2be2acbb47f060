// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/race_round.h"

#include <fmt/format.h>

#include <algorithm>

namespace faultline::stress {
namespace {

/// A third each: the whole file, whole pages, any bytes.
ByteRange DrawRange(const Killer& killer, Random& random) {
  ByteRange range{0, kRaceSize};
  uint64_t shape = random.Below(3);
  if (shape == 0) return range;
  uint64_t unit = shape == 1 ? kPageSize : killer.alignment();
  uint64_t units = kRaceSize / unit;
  range.begin = AwayFromSlots(random.Below(units / 2) * unit);
  range.end = AwayFromSlots(random.Between(units / 2 + 1, units + 1) * unit);
  if (killer.to_end_of_file()) range.end = kRaceSize;
  return range;
}

std::optional<uint64_t> DrawBlindPage(ByteRange range, Random& random) {
  ByteRange pages = range.RoundIn(kPageSize);
  uint64_t count = pages.Size() / kPageSize;
  if (count < 2 || !random.OneIn(4)) return std::nullopt;
  return pages.begin / kPageSize + random.Below(count);
}

}  // namespace

RoundPlan DrawRound(const Killer& killer, uint64_t seed, uint64_t round) {
  Random random = Random::Derive(seed, round);
  RoundPlan plan;
  plan.epoch = static_cast<uint32_t>(round + 1);
  plan.range = DrawRange(killer, random);
  plan.writeback = static_cast<Writeback>(random.Below(kWritebackKinds));
  plan.fsync_before = random.OneIn(2);
  plan.drop_before = plan.fsync_before && random.OneIn(2);
  plan.delay = static_cast<Instant>(random.Below(100'000));
  plan.blind_page = DrawBlindPage(plan.range, random);
  plan.storer_seed = random.Next();
  return plan;
}

std::string Describe(const RoundPlan& plan) {
  static constexpr const char* kWriteback[] = {"none", "start", "flush", "msync"};
  std::string text =
      fmt::format("round {}: [{:#x}, {:#x}), writeback {}", plan.epoch - 1, plan.range.begin,
                  plan.range.end, kWriteback[static_cast<size_t>(plan.writeback)]);
  if (plan.drop_before) text += ", cold";
  if (plan.blind_page) text += fmt::format(", blind page {}", *plan.blind_page);
  return text;
}

}  // namespace faultline::stress
