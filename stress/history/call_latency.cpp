// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/call_latency.h"

#include <algorithm>
#include <bit>

namespace faultline::stress {

void CallLatency::Add(Instant took) {
  uint64_t nanoseconds = took > 0 ? static_cast<uint64_t>(took) : 1;
  ++count;
  total += nanoseconds;
  size_t bucket = static_cast<size_t>(std::bit_width(nanoseconds)) - 1;
  ++buckets[std::min(bucket, kBuckets - 1)];
}

uint64_t CallLatency::Quantile(double share) const {
  auto wanted = static_cast<uint64_t>(share * static_cast<double>(count));
  uint64_t sum = 0;
  for (size_t i = 0; i < kBuckets; ++i)
    if ((sum += buckets[i]) > wanted || (sum == count && count > 0)) return uint64_t{2} << i;
  return 0;
}

void AddLatencies(std::span<const Operation> operations, std::vector<CallLatency>& latencies) {
  for (const Operation& operation : operations) {
    auto same = [&](const CallLatency& latency) { return latency.call == operation.call; };
    auto found = std::find_if(latencies.begin(), latencies.end(), same);
    if (found == latencies.end()) found = latencies.insert(found, {.call = operation.call});
    found->Add(operation.when.end - operation.when.begin);
  }
}

}  // namespace faultline::stress
