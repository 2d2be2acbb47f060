// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/write_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "support/random_seed.h"

namespace faultline::fs {
namespace {

std::vector<ByteRange> Counts(const WriteLog& log, uint64_t unique, ByteRange range) {
  RangeSet bytes(range);
  log.SubtractYounger(unique, bytes);
  return {bytes.Ranges().begin(), bytes.Ranges().end()};
}

TEST(WriteLog, YoungerWins) {
  WriteLog log;
  log.Add(20, {100, 200}, 0);
  EXPECT_EQ(Counts(log, 10, {0, 300}), (std::vector<ByteRange>{{0, 100}, {200, 300}}));
  EXPECT_EQ(Counts(log, 30, {0, 300}), (std::vector<ByteRange>{{0, 300}}));
}

TEST(WriteLog, EntriesBelowTheHorizonGo) {
  WriteLog log;
  for (uint64_t unique = 1; unique <= 100; ++unique)
    log.Add(unique, ByteRange::OfSize(unique * 10, 5), unique);
  EXPECT_EQ(log.Size(), 1u);
}

TEST(WriteLog, RepeatedWritesOfOnePlaceAreOneEntry) {
  WriteLog log;
  for (uint64_t unique = 1; unique <= 100; ++unique) log.Add(unique, {0, 10}, 0);
  EXPECT_EQ(log.Size(), 1u);
}

// Requests take numbers in order and are applied in any order, as workers do; the horizon is what
// the oldest unanswered one allows. Whatever is pruned, each byte ends up with its youngest writer.
TEST(WriteLog, EachByteBelongsToItsYoungestWriter) {
  std::mt19937_64 random(test::RandomSeed());
  constexpr uint64_t kBytes = 32;
  struct Write {
    uint64_t unique;
    ByteRange range;
  };
  for (int round = 0; round < 500; ++round) {
    WriteLog log;
    std::array<uint64_t, kBytes> file{};
    std::array<uint64_t, kBytes> youngest{};
    std::vector<Write> waiting;
    uint64_t last = 0;
    for (int step = 0; step < 200 || !waiting.empty(); ++step) {
      if (step < 200 && (waiting.empty() || random() % 2)) {
        const uint64_t begin = random() % kBytes;
        waiting.push_back({++last, {begin, std::min(kBytes, begin + 1 + random() % 8)}});
        continue;
      }
      const size_t pick = random() % waiting.size();
      const Write write = waiting[pick];
      const uint64_t horizon = waiting.front().unique;
      for (ByteRange piece : Counts(log, write.unique, write.range)) {
        for (uint64_t i = piece.begin; i < piece.end; ++i) file[i] = write.unique;
        log.Add(write.unique, piece, horizon);
      }
      for (uint64_t i = write.range.begin; i < write.range.end; ++i)
        youngest[i] = std::max(youngest[i], write.unique);
      waiting.erase(waiting.begin() + static_cast<ptrdiff_t>(pick));
    }
    ASSERT_EQ(file, youngest);
  }
}

}  // namespace
}  // namespace faultline::fs
