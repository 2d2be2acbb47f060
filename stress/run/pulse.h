// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "io/instant.h"

namespace faultline::stress {

/// What the working process lets its supervisor see, in memory that both share: enough for the
/// progress line, and to tell a hang from slow work without touching the filesystem. Strings are
/// literals: fork keeps their addresses.
struct Pulse {
  static constexpr size_t kThreads = 64;

  struct Thread {
    std::atomic<const char*> doing{nullptr};  // nullptr: between operations
    std::atomic<Instant> since{0};
    std::atomic<int32_t> tid{0};
  };

  std::atomic<uint64_t> operations{0};
  std::atomic<uint64_t> done{0};  // rounds or milliseconds of `goal`
  std::atomic<uint64_t> goal{0};
  std::atomic<uint64_t> violations{0};
  std::atomic<const char*> scenario{nullptr};
  std::atomic<Instant> scenario_since{0};
  std::atomic<bool> stop{false};  // set by the supervisor: finish early and clean up
  std::array<Thread, kThreads> threads;

  static Pulse* CreateShared();

  void Begin(const char* scenario_name);
};

/// Marks the calling thread as inside a call that may hang, for as long as the object lives.
class Doing {
 public:
  Doing(Pulse& pulse, size_t thread, const char* what);
  Doing(const Doing&) = delete;
  Doing& operator=(const Doing&) = delete;
  ~Doing();

 private:
  Pulse& pulse_;
  Pulse::Thread& thread_;
};

}  // namespace faultline::stress
