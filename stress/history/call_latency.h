// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "history/operation.h"

namespace faultline::stress {

/// How long the calls of one kind took. Not thread-safe: it is made from histories whose threads
/// were joined, so that measuring costs the threads nothing.
struct CallLatency {
  static constexpr size_t kBuckets = 40;

  std::string call;
  uint64_t count = 0;
  uint64_t total = 0;                           // ns
  std::array<uint64_t, kBuckets> buckets = {};  // [i]: from 2^i ns, below 2^(i+1)

  void Add(Instant took);
  /// An upper bound, within a factor of two, of the `share` (0..1) of the calls, in ns.
  uint64_t Quantile(double share) const;
};

/// Adds the operations to those of the same call.
void AddLatencies(std::span<const Operation> operations, std::vector<CallLatency>& latencies);

}  // namespace faultline::stress
