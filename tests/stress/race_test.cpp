// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/race.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "io/fault_guard.h"
#include "io/file.h"
#include "race/race_layout.h"
#include "temporary_directory.h"

namespace faultline::stress {
namespace {

constexpr uint64_t kRounds = 30;

/// Punches as it should.
class GoodKiller : public Killer {
 public:
  const char* call() const override { return "punch"; }
  Verdict stale() const override { return Verdict::kStaleAfterPunch; }
  Result<> Prepare(uint32_t) override { return {}; }
  Result<> Kill(int fd, ByteRange range) override {
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(range.begin),
                  static_cast<off_t>(range.Size())) != 0)
      return Fail(errno);
    return {};
  }
};

class IdleKiller final : public GoodKiller {
 public:
  Result<> Kill(int, ByteRange) override { return {}; }
};

class HalfKiller final : public GoodKiller {
 public:
  Result<> Kill(int fd, ByteRange range) override {
    return GoodKiller::Kill(fd, {range.begin, range.begin + range.Size() / 2});
  }
};

class GreedyKiller final : public GoodKiller {
 public:
  Result<> Kill(int fd, ByteRange range) override {
    return GoodKiller::Kill(fd, {range.begin - std::min(range.begin, uint64_t{64}), range.end});
  }
};

class RaceTest : public testing::Test {
 protected:
  RaceTest() { InstallFaultHandler(); }

  RaceOutcome Run(Killer& killer) {
    RaceOptions options{directory_.path(), 0xabcdef0123456789, 1, kRounds, false};
    auto outcome = RunRace(killer, options, *pulse_);
    EXPECT_TRUE(outcome) << outcome.error().ToString();
    EXPECT_EQ(outcome->rounds, kRounds);
    return std::move(*outcome);
  }

  TemporaryDirectory directory_;
  Pulse* pulse_ = Pulse::CreateShared();
};

TEST_F(RaceTest, AcceptsAPunchThatHolds) {
  GoodKiller killer;
  EXPECT_EQ(Run(killer).violations.Failures(), 0u);
}

TEST_F(RaceTest, FlagsEveryRoundOfAPunchThatDoesNothing) {
  IdleKiller killer;
  EXPECT_EQ(Run(killer).stale_rounds, kRounds);
}

TEST_F(RaceTest, FlagsEveryRoundOfAPunchThatStopsHalfWay) {
  HalfKiller killer;
  EXPECT_EQ(Run(killer).stale_rounds, kRounds);
}

TEST_F(RaceTest, FlagsAPunchThatTakesTooMuch) {
  GreedyKiller killer;
  RaceOutcome outcome = Run(killer);
  EXPECT_GT(outcome.violations.Count(Verdict::kLostOutsideRange), 0u);
  EXPECT_EQ(outcome.stale_rounds, 0u);
}

TEST_F(RaceTest, SaysWhyAKillerCannotBeHad) {
  auto killer = MakeKiller(KillerKind::kPunch, directory_.path() + "/missing", 1);
  ASSERT_FALSE(killer);
  EXPECT_EQ(killer.error().code(), ENOENT);
}

}  // namespace
}  // namespace faultline::stress
