// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/reclaim.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <future>

#include "base/test_point.h"
#include "support/other_reader.h"
#include "support/store_directory.h"

// A freed block is allocatable again when its group is durable and its readers are gone, not
// before.
namespace faultline::store {
namespace {

using namespace std::chrono_literals;
using test::OtherReader;
using test::StoreDirectory;
using test_point::Action;
using test_point::ScopedArm;

class ReclaimTest : public testing::Test {
 protected:
  ~ReclaimTest() override { test_point::Reset(); }

  // Takes every block there is, also the reserve.
  std::vector<Extent> FillUp() {
    std::vector<Extent> all;
    while (true) {
      auto extents = store_->Allocate(1, AllocationClass::kInternal);
      if (!extents) return all;
      all.insert(all.end(), extents->begin(), extents->end());
    }
  }
  void Free(std::span<const Extent> extents) {
    Transaction transaction;
    transaction.Free(extents);
    store_->Apply(std::move(transaction));
  }
  bool CanAllocate(uint64_t blocks) {
    auto extents = store_->Allocate(blocks, AllocationClass::kInternal);
    if (extents) store_->Unallocate(*extents);
    return extents.has_value();
  }

  StoreDirectory directory_{uint64_t{4} << 20};
  std::unique_ptr<StoreImpl> store_ = directory_.Open();
  std::vector<Extent> all_ = FillUp();
  std::span<const Extent> some_ = std::span(all_).first(10);
};

TEST_F(ReclaimTest, ABlockIsNotReusedBeforeItsGroupIsDurable) {
  Free(some_);
  EXPECT_FALSE(CanAllocate(1)) << "a crash would bring its owner back";
  EXPECT_EQ(store_->Space().pending_blocks, 10);
  ScopedArm hold("store.commit.volume_synced", Action::Block());
  auto commit = std::async(std::launch::async, [&] { return store_->Commit(); });
  ASSERT_TRUE(test_point::WaitUntilHit("store.commit.volume_synced"));
  EXPECT_FALSE(CanAllocate(1)) << "committing is not durable";
  EXPECT_EQ(store_->Space().pending_blocks, 10);
  test_point::Release("store.commit.volume_synced");
  ASSERT_EQ(commit.wait_for(10s), std::future_status::ready);
  EXPECT_TRUE(CanAllocate(10));
  EXPECT_EQ(store_->Space().pending_blocks, 0);
}

TEST_F(ReclaimTest, ABlockIsNotReusedWhileAReaderMayHaveLookedItUp) {
  OtherReader reader(store_->Readers());
  Free(some_);
  ASSERT_TRUE(store_->Commit());
  EXPECT_FALSE(CanAllocate(1));
  EXPECT_EQ(store_->Space().pending_blocks, 10);
  ScopedArm count("store.reclaim.release", Action::Delay(0us));
  reader.End();
  EXPECT_TRUE(test_point::WaitUntilHit("store.reclaim.release")) << "nobody has to ask";
  EXPECT_TRUE(CanAllocate(10) || store_->WaitForSpace(10));
}

TEST_F(ReclaimTest, AReaderThatCameLaterHoldsNothingUp) {
  Free(some_);
  ASSERT_TRUE(store_->Commit());
  store_->WaitForSpace(10);
  const OtherReader late(store_->Readers());
  EXPECT_TRUE(CanAllocate(10));
}

TEST_F(ReclaimTest, WhoRunsOutOfBlocksForcesACommit) {
  EXPECT_FALSE(store_->WaitForSpace(1)) << "nothing is on its way";
  Free(some_);
  EXPECT_FALSE(CanAllocate(1));
  EXPECT_TRUE(store_->WaitForSpace(10));
  EXPECT_TRUE(CanAllocate(10));
  EXPECT_FALSE(store_->WaitForSpace(1)) << "there is nothing left to wait for";
}

TEST_F(ReclaimTest, WhoRunsOutOfBlocksWaitsForReaders) {
  OtherReader reader(store_->Readers());
  Free(some_);
  ScopedArm count("store.commit.retired", Action::Delay(0us));
  auto space = std::async(std::launch::async, [&] { return store_->WaitForSpace(10); });
  ASSERT_TRUE(test_point::WaitUntilHit("store.commit.retired"));
  EXPECT_FALSE(CanAllocate(1));
  reader.End();
  ASSERT_EQ(space.wait_for(10s), std::future_status::ready);
  EXPECT_TRUE(space.get());
  EXPECT_TRUE(CanAllocate(10));
}

TEST_F(ReclaimTest, UnwrittenBlocksAreReclaimedLikeOthers) {
  Free(std::vector{Extent{{Space::kUnwritten, some_[0].start.block}, 1}});
  EXPECT_TRUE(store_->WaitForSpace(1));
  EXPECT_TRUE(CanAllocate(1));
}

TEST_F(ReclaimTest, UnallocatedBlocksAreFreeAtOnce) {
  store_->Unallocate(some_);
  EXPECT_TRUE(CanAllocate(10));
}

}  // namespace
}  // namespace faultline::store
