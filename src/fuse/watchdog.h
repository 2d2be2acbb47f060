// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>

#include "lock/lock_state.h"
#include "lock/mutex.h"
#include "lock/thread.h"

namespace faultline::fuse {

/// Looks for requests that have been served for too long, and logs each once with everything that
/// it waits for: its lock, who holds that, what the holder waits for, down to the end of the chain.
/// A thread of its own that takes none of the locks it looks at.
class Watchdog {
 public:
  struct Options {
    std::chrono::milliseconds limit{120'000};
    /// After logging, once: ends the connection instead of leaving processes in D state. May be
    /// null.
    std::function<void()> on_hang;
  };

  explicit Watchdog(Options options);
  ~Watchdog();

 private:
  void Run();
  void Look();
  void Report(const lock::LockState& state, const lock::ContextSnapshot& request);

  const Options options_;
  std::set<uint64_t> reported_;  // `unique`; of the thread
  bool ended_ = false;           // of the thread: on_hang was called
  lock::Mutex mu_{lock::LockClass::kStatistics};
  lock::CondVar stopping_;
  bool stop_ FL_GUARDED_BY(mu_) = false;
  lock::Thread thread_;
};

}  // namespace faultline::fuse
