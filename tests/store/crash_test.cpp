// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "support/random_seed.h"
#include "support/recorded_host.h"
#include "support/store_directory.h"
#include "support/store_workload.h"

// A crash at any moment leaves a store that opens, that is exactly what some group left, and not an
// older one than what was acknowledged; every block it names has its checksum.
namespace faultline::store {
namespace {

using test::RecordedHost;
using test::StoreDirectory;
using test::StoreWorkload;

class Crash : public testing::Test {
 protected:
  // Some hundred transactions, a commit now and then.
  void Run(int steps) {
    std::mt19937_64 random(seed_);
    store_ = directory_.Open();
    ASSERT_NE(store_, nullptr);
    workload_ = std::make_unique<StoreWorkload>(*store_, seed_);
    for (int step = 0; step < steps; ++step) {
      ASSERT_NO_FATAL_FAILURE(workload_->Step());
      if (random() % 8 != 0) continue;
      ASSERT_TRUE(store_->Commit());
      acknowledged_[host_.Now()] = store_->Commits().durable;
    }
    events_ = host_.Now();
  }

  TxgId AcknowledgedBefore(size_t event) const {
    const auto behind = acknowledged_.upper_bound(event);
    return behind == acknowledged_.begin() ? 0 : std::prev(behind)->second;
  }

  void CheckCrashAt(size_t event, RecordedHost::Unsynced unsynced, uint64_t seed) {
    SCOPED_TRACE("crash after event " + std::to_string(event) + ", seed " + std::to_string(seed));
    test::TemporaryDirectory target;
    host_.WriteImage(target.Path(), event, unsynced, seed);
    StoreDirectory opener;
    auto store = opener.OpenAt(target.Path());
    ASSERT_NE(store, nullptr);
    const TxgId recovered = store->Commits().durable;
    EXPECT_GE(recovered, AcknowledgedBefore(event));
    ASSERT_NO_FATAL_FAILURE(StoreWorkload::ExpectEqual(*store, workload_->AtEndOf(recovered)));
    // And it goes on from there.
    StoreWorkload next(*store, seed);
    Transaction transaction;
    transaction.PutInode(test::FileInode(5000, seed >> 1));
    store->Apply(std::move(transaction));
    ASSERT_TRUE(store->Commit());
    EXPECT_EQ((*store->GetInode(InodeId{5000}))->size, seed >> 1);
  }

  void CrashOften(int times) {
    std::mt19937_64 random(seed_ + 1);
    for (int i = 0; i < times; ++i) {
      const size_t event = random() % (events_ + 1);
      const auto unsynced = static_cast<RecordedHost::Unsynced>(random() % 3);
      ASSERT_NO_FATAL_FAILURE(CheckCrashAt(event, unsynced, random()));
    }
  }

  const uint64_t seed_ = test::RandomSeed();
  StoreDirectory directory_;
  RecordedHost host_{[this] {
    directory_.seams.limits->write_buffer = 64 << 10;
    directory_.seams.limits->max_wal = 256 << 10;
    return directory_.Path();
  }()};
  std::unique_ptr<StoreImpl> store_;
  std::unique_ptr<StoreWorkload> workload_;
  std::map<size_t, TxgId> acknowledged_;  // number of events -> durable group
  size_t events_ = 0;
};

TEST_F(Crash, LeavesWhatSomeGroupLeft) {
  host_.Install(directory_.seams);
  ASSERT_NO_FATAL_FAILURE(Run(300));
  ASSERT_NO_FATAL_FAILURE(CrashOften(15));
}

TEST_F(Crash, WithoutVolumeSyncsBlocksWouldBeMissing) {
  // The check can fail: the same workload on a host that never syncs the volume.
  host_.Install(directory_.seams);
  host_.DropVolumeSyncs();
  ASSERT_NO_FATAL_FAILURE(Run(100));
  testing::TestPartResultArray failures;
  {
    testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &failures);
    CheckCrashAt(events_, RecordedHost::Unsynced::kNone, seed_);
  }
  EXPECT_GT(failures.size(), 0);
}

using CrashFull = Crash;

TEST_F(CrashFull, LeavesWhatSomeGroupLeft) {
  host_.Install(directory_.seams);
  ASSERT_NO_FATAL_FAILURE(Run(1000));
  ASSERT_NO_FATAL_FAILURE(CrashOften(200));
}

}  // namespace
}  // namespace faultline::store
