// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>
#include <vector>

namespace faultline {
namespace {

TEST(Histogram, BucketsAreContiguousAndOrdered) {
  for (size_t b = 0; b + 1 < Histogram::kBuckets; ++b) {
    uint64_t end = Histogram::UpperEnd(b);
    ASSERT_EQ(Histogram::BucketOf(end), b);
    ASSERT_EQ(Histogram::BucketOf(end + 1), b + 1);
  }
  EXPECT_EQ(Histogram::BucketOf(UINT64_MAX), Histogram::kBuckets - 1);
  EXPECT_EQ(Histogram::UpperEnd(Histogram::kBuckets - 1), UINT64_MAX);
}

TEST(Histogram, PercentileIsAtMostAnEighthTooHigh) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<> latency(10, 2);
  Histogram histogram;
  std::vector<uint64_t> values;
  for (int i = 0; i < 10000; ++i) {
    values.push_back(static_cast<uint64_t>(latency(random)));
    histogram.Record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (double p : {1.0, 50.0, 99.0, 99.9, 100.0}) {
    uint64_t exact = values[static_cast<size_t>(std::ceil(p / 100 * 10000)) - 1];
    EXPECT_GE(histogram.Percentile(p), exact) << p;
    EXPECT_LE(histogram.Percentile(p), exact + exact / 8 + 1) << p;
  }
}

TEST(Histogram, EmptyOneAnswersZero) {
  Histogram histogram;
  EXPECT_EQ(histogram.Percentile(99), 0u);
  EXPECT_EQ(histogram.Mean(), 0);
}

TEST(Histogram, MergeIsTheSumOfBoth) {
  Histogram a, b;
  a.Record(1);
  b.Record(100);
  b.Record(7);
  a.Merge(b);
  EXPECT_EQ(a.Count(), 3u);
  EXPECT_EQ(a.Sum(), 108u);
  EXPECT_EQ(a.Max(), 100u);
  a.Clear();
  EXPECT_EQ(a.Count(), 0u);
}

TEST(Histogram, NoRecordIsLostBetweenThreads) {
  Histogram histogram;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&histogram] {
      for (uint64_t i = 0; i < 10000; ++i) histogram.Record(i % 50);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(histogram.Count(), 40000u);
}

}  // namespace
}  // namespace faultline
