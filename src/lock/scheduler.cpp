// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/scheduler.h"

#include "base/test_point.h"

namespace faultline::lock {

namespace internal {
constinit std::atomic<Scheduler*> g_scheduler{nullptr};
}

namespace {

void YieldAtTestPoint(const char* name) {
  if (Scheduler* scheduler = ActiveScheduler()) scheduler->Yield(name);
}

}  // namespace

void SetActiveScheduler(Scheduler* scheduler) {
  internal::g_scheduler.store(scheduler, std::memory_order_release);
  if (scheduler != nullptr) {
    internal::g_features.fetch_or(internal::kFeatureScheduler);
    test_point::SetYieldHook(&YieldAtTestPoint);
  } else {
    internal::g_features.fetch_and(~uint32_t{internal::kFeatureScheduler});
    test_point::SetYieldHook(nullptr);
  }
}

}  // namespace faultline::lock
