// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/request_horizon.h"

#include <gtest/gtest.h>
#include <linux/fuse.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "support/random_seed.h"

namespace faultline::fuse {
namespace {

// The kernel's queue, and readers that are interrupted between any two steps.
class Simulation {
 public:
  explicit Simulation(uint64_t seed) : random_(seed), horizon_(kReaders) {
    for (int i = 0; i < kReaders; ++i) readers_.emplace_back(horizon_);
  }

  void Step() {
    if (Below(3) == 0) Queue();
    Worker& worker = readers_[Below(kReaders)];
    switch (worker.state) {
      case State::kIdle: worker.reader->BeforeRead(); return Enter(worker, State::kReading);
      case State::kReading: return Take(worker);
      case State::kTaken:
        worker.reader->AfterRead(worker.unique, worker.opcode);
        return Enter(worker, worker.opcode == FUSE_WRITE ? State::kWriting : State::kIdle);
      case State::kWriting: CheckHorizon(worker.unique); return Enter(worker, State::kApplied);
      case State::kApplied: unapplied_.erase(worker.unique); return Enter(worker, State::kIdle);
    }
  }

  uint64_t MaxLag() const { return max_lag_; }

 private:
  static constexpr int kReaders = 5;
  enum class State { kIdle, kReading, kTaken, kWriting, kApplied };
  struct Queued {
    uint64_t unique;
    uint32_t opcode;
  };
  struct Worker {
    explicit Worker(RequestHorizon& horizon)
        : reader(std::make_unique<RequestHorizon::Reader>(horizon)) {}
    std::unique_ptr<RequestHorizon::Reader> reader;
    State state = State::kIdle;
    uint64_t unique = 0;
    uint32_t opcode = 0;
  };

  uint64_t Below(uint64_t limit) { return random_() % limit; }
  static void Enter(Worker& worker, State state) { worker.state = state; }

  void Queue() {
    const uint32_t opcode = Below(2) == 0 ? FUSE_WRITE : FUSE_GETATTR;
    queue_.push_back({next_ += 2, opcode});
    if (opcode == FUSE_WRITE) unapplied_.insert(next_);
  }

  // read(2): a FORGET is numbered only now, whatever waits in the queue.
  void Take(Worker& worker) {
    if (Below(4) == 0) {
      worker.unique = next_ += 2;
      worker.opcode = FUSE_FORGET;
    } else if (queue_.empty()) {
      return;
    } else {
      worker.unique = queue_.front().unique;
      worker.opcode = queue_.front().opcode;
      queue_.pop_front();
    }
    Enter(worker, State::kTaken);
  }

  void CheckHorizon(uint64_t own) {
    const uint64_t horizon = horizon_.Get();
    EXPECT_LE(horizon, own);
    EXPECT_LE(horizon, *unapplied_.begin()) << "an older WRITE is still on its way";
    max_lag_ = std::max(max_lag_, own - horizon);
  }

  std::mt19937_64 random_;
  RequestHorizon horizon_;
  std::vector<Worker> readers_;
  std::deque<Queued> queue_;
  std::set<uint64_t> unapplied_;  // WRITEs, wherever they are
  uint64_t next_ = 0;
  uint64_t max_lag_ = 0;
};

TEST(RequestHorizon, NoOlderWriteIsOnItsWayBelowIt) {
  Simulation simulation(test::RandomSeed());
  for (int i = 0; i < 200'000 && !testing::Test::HasFailure(); ++i) simulation.Step();
  EXPECT_GT(simulation.MaxLag(), 0u) << "nobody was ever overtaken";
}

TEST(RequestHorizon, AWriteAloneIsItsOwn) {
  RequestHorizon horizon(2);
  RequestHorizon::Reader reader(horizon);
  reader.BeforeRead();
  reader.AfterRead(10, FUSE_WRITE);
  EXPECT_EQ(horizon.Get(), 10u);
}

TEST(RequestHorizon, AWriteInOtherHandsHoldsIt) {
  RequestHorizon horizon(2);
  RequestHorizon::Reader slow(horizon);
  slow.BeforeRead();
  slow.AfterRead(10, FUSE_WRITE);
  RequestHorizon::Reader quick(horizon);
  quick.BeforeRead();
  quick.AfterRead(20, FUSE_WRITE);
  EXPECT_EQ(horizon.Get(), 10u);
  slow.BeforeRead();
  EXPECT_EQ(horizon.Get(), 20u);
}

TEST(RequestHorizon, OtherRequestsHoldNothing) {
  RequestHorizon horizon(2);
  RequestHorizon::Reader slow(horizon);
  slow.BeforeRead();
  slow.AfterRead(10, FUSE_FSYNC);
  RequestHorizon::Reader quick(horizon);
  quick.BeforeRead();
  quick.AfterRead(20, FUSE_WRITE);
  EXPECT_EQ(horizon.Get(), 20u);
}

}  // namespace
}  // namespace faultline::fuse
