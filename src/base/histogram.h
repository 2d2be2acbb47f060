// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace faultline {

/// Distribution of a duration or size. Buckets are linear inside each power of two (8 of them), so
/// a percentile is at most 12.5 % too high. Recording is two relaxed additions and a maximum, from
/// any thread, without allocation; readers see a value at most a few records old.
/// (After HdrHistogram and fio's completion latencies.)
class Histogram {
 public:
  static constexpr int kSubBits = 3;
  static constexpr size_t kBuckets = (64 - kSubBits + 1) << kSubBits;

  Histogram() = default;
  Histogram(const Histogram& other) { Merge(other); }
  Histogram& operator=(const Histogram& other);

  void Record(uint64_t value);
  void Merge(const Histogram& other);
  void Clear();

  uint64_t Count() const;
  uint64_t Sum() const { return sum_.load(std::memory_order_relaxed); }
  uint64_t Max() const { return max_.load(std::memory_order_relaxed); }
  double Mean() const;

  /// The value that `percent` of all records do not exceed (bucket's upper end, at most Max);
  /// 0 when there are none.
  uint64_t Percentile(double percent) const;

  static constexpr size_t BucketOf(uint64_t value) {
    if (value < (1u << kSubBits)) return static_cast<size_t>(value);
    int exponent = std::bit_width(value) - 1 - kSubBits;
    return (static_cast<size_t>(exponent) << kSubBits) + static_cast<size_t>(value >> exponent);
  }
  /// The largest value of a bucket.
  static constexpr uint64_t UpperEnd(size_t bucket) {
    if (bucket < (1u << kSubBits)) return bucket;
    size_t exponent = (bucket >> kSubBits) - 1;
    uint64_t mantissa = (bucket & ((1u << kSubBits) - 1)) + (1u << kSubBits);
    return ((mantissa + 1) << exponent) - 1;
  }

 private:
  std::array<std::atomic<uint64_t>, kBuckets> counts_{};
  std::atomic<uint64_t> sum_{0};
  std::atomic<uint64_t> max_{0};
};

}  // namespace faultline
