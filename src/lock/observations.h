// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>

#include "base/histogram.h"
#include "lock/hierarchy.h"
#include "lock/place.h"

/// What the validator has seen, for reports and for CaptureLockState.
namespace faultline::lock::internal {

/// One acquisition of a class under another: where the outer and the inner lock were taken first.
struct ObservedEdge {
  AtomicPlace held;
  AtomicPlace wanted;
};

struct Observations {
  std::array<std::atomic<ClassMask>, kLockClassCount> held_before{};             // by wanted class
  std::array<std::array<ObservedEdge, kLockClassCount>, kLockClassCount> edges;  // [wanted][held]
  std::array<Histogram, kLockClassCount> hold_ns;

  static Observations& Get();

  bool Seen(LockClass held, LockClass wanted) const {
    return (held_before[static_cast<size_t>(wanted)].load(std::memory_order_acquire) &
            MaskOf(held)) != 0;
  }
  const ObservedEdge& Edge(LockClass held, LockClass wanted) const {
    return edges[static_cast<size_t>(wanted)][static_cast<size_t>(held)];
  }
};

}  // namespace faultline::lock::internal
