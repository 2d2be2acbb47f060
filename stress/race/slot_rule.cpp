// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/slot_rule.h"

#include <algorithm>

namespace faultline::stress {
namespace {

std::optional<Verdict> JudgeOutside(const SlotQuestion& q, std::span<const SlotStore> stores) {
  uint8_t expected = stores.empty() ? q.old_byte : stores.back().value;
  if (q.seen == expected) return std::nullopt;
  return Verdict::kLostOutsideRange;
}

/// The last store is not visible, but the killer's content or an earlier store is.
std::optional<Verdict> JudgeLost(const SlotQuestion& q, const SlotStore& last) {
  if (q.kill.Before(last.when)) return Verdict::kLostStore;
  if (last.saw_new) {
    bool excusable = q.fuse || !q.page_covered;
    return excusable ? Verdict::kKernelWindow : Verdict::kLostStore;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Verdict> JudgeSlot(const SlotQuestion& q, std::span<const SlotStore> stores) {
  if (!q.covered) return JudgeOutside(q, stores);
  if (q.seen == q.new_byte) return stores.empty() ? std::nullopt : JudgeLost(q, stores.back());

  auto source = std::find_if(stores.begin(), stores.end(),
                             [&](const SlotStore& store) { return store.value == q.seen; });
  if (source == stores.end()) {
    return q.seen == q.old_byte ? q.stale : Verdict::kForeignData;
  }
  if (source->when.Before(q.kill)) return q.stale;
  if (source + 1 == stores.end()) return std::nullopt;
  // An earlier store is back: a later one went into a page that was dropped without being written.
  if (q.fuse && !q.kill.Before(stores.back().when)) return Verdict::kKernelWindow;
  return Verdict::kLostStore;
}

}  // namespace faultline::stress
