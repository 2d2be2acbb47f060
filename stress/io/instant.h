// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace faultline::stress {

/// Nanoseconds of CLOCK_MONOTONIC, the same on every CPU.
using Instant = int64_t;

inline constexpr Instant kBeginningOfTime = INT64_MIN;
inline constexpr Instant kEndOfTime = INT64_MAX;

/// Every access before is done before any access after. (An atomic_thread_fence is unknown to
/// ThreadSanitizer.)
inline void FenceMemory() {
#if defined(__x86_64__)
  _mm_mfence();
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// An instant that no memory access is reordered across. A store ends when it left the store
/// buffer and a load begins when it is issued; without the fences a checker would blame a
/// filesystem for what the CPU does.
inline Instant Now() {
  FenceMemory();
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
#if defined(__x86_64__)
  _mm_lfence();
#else
  FenceMemory();
#endif
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// Real time of an operation: it took effect somewhere in [begin, end].
struct Interval {
  Instant begin = kBeginningOfTime;
  Instant end = kBeginningOfTime;

  bool Before(const Interval& other) const { return end < other.begin; }
  bool Overlaps(const Interval& other) const { return !Before(other) && !other.Before(*this); }
};

}  // namespace faultline::stress
