// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/watchdog.h"

#include <algorithm>

#include "base/log.h"

namespace faultline::fuse {

using lock::ContextSnapshot;
using lock::LockContext;
using lock::LockState;

Watchdog::Watchdog(Options options)
    : options_(std::move(options)), thread_("watchdog", [this] { Run(); }) {}

Watchdog::~Watchdog() {
  {
    lock::MutexLock lock(mu_);
    stop_ = true;
  }
  stopping_.NotifyAll();
  thread_.Join();
}

void Watchdog::Run() {
  const std::chrono::nanoseconds period = std::clamp(
      options_.limit / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(5000));
  for (;;) {
    {
      lock::MutexLock lock(mu_);
      if (stopping_.WaitUntil(lock, period, [this]() FL_REQUIRES(mu_) { return stop_; })) return;
    }
    Look();
  }
}

void Watchdog::Look() {
  const LockState state = lock::CaptureLockState();
  const int64_t limit = std::chrono::nanoseconds(options_.limit).count();
  std::set<uint64_t> old;
  for (const ContextSnapshot& context : state.contexts) {
    if (context.kind != LockContext::Kind::kRequest || state.now_ns - context.start_ns < limit)
      continue;
    old.insert(context.unique);
    if (!reported_.contains(context.unique)) Report(state, context);
  }
  const bool hangs = !old.empty();
  reported_ = std::move(old);
  if (!hangs || ended_ || !options_.on_hang) return;
  ended_ = true;
  options_.on_hang();
}

void Watchdog::Report(const LockState& state, const ContextSnapshot& request) {
  LogWarning("{} {} of process {} has been served for {} s:\n{}", request.name, request.unique,
             request.pid, (state.now_ns - request.start_ns) / 1'000'000'000,
             lock::DescribeWaitChain(state, request));
}

}  // namespace faultline::fuse
