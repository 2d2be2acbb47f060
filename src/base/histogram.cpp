// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/histogram.h"

#include <algorithm>
#include <cmath>

namespace faultline {
namespace {

void RaiseTo(std::atomic<uint64_t>& maximum, uint64_t value) {
  uint64_t seen = maximum.load(std::memory_order_relaxed);
  while (seen < value && !maximum.compare_exchange_weak(seen, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

Histogram& Histogram::operator=(const Histogram& other) {
  if (this == &other) return *this;
  Clear();
  Merge(other);
  return *this;
}

void Histogram::Record(uint64_t value) {
  counts_[BucketOf(value)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
  RaiseTo(max_, value);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i)
    if (uint64_t n = other.counts_[i].load(std::memory_order_relaxed); n != 0)
      counts_[i].fetch_add(n, std::memory_order_relaxed);
  sum_.fetch_add(other.Sum(), std::memory_order_relaxed);
  RaiseTo(max_, other.Max());
}

void Histogram::Clear() {
  for (auto& count : counts_) count.store(0, std::memory_order_relaxed);
  sum_.store(0, std::memory_order_relaxed);
  max_.store(0, std::memory_order_relaxed);
}

uint64_t Histogram::Count() const {
  uint64_t total = 0;
  for (const auto& count : counts_) total += count.load(std::memory_order_relaxed);
  return total;
}

double Histogram::Mean() const {
  uint64_t count = Count();
  return count == 0 ? 0 : static_cast<double>(Sum()) / static_cast<double>(count);
}

uint64_t Histogram::Percentile(double percent) const {
  uint64_t count = Count();
  if (count == 0) return 0;
  double share = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count);
  uint64_t rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share)));
  uint64_t below = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    below += counts_[i].load(std::memory_order_relaxed);
    if (below >= rank) return std::min(UpperEnd(i), Max());
  }
  return Max();
}

}  // namespace faultline
