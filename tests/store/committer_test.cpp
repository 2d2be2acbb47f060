// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/committer.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <future>

#include "base/test_point.h"
#include "support/failing_host.h"
#include "support/store_directory.h"

namespace faultline::store {
namespace {

using namespace std::chrono_literals;
using test::FileInode;
using test::StoreDirectory;
using test_point::Action;
using test_point::ScopedArm;
using test_point::WaitUntilHit;

class CommitterTest : public testing::Test {
 protected:
  ~CommitterTest() override { test_point::Reset(); }

  TxgId Put(uint64_t ino, uint64_t size = 1) {
    Transaction transaction;
    transaction.PutInode(FileInode(ino, size));
    return store_->Apply(std::move(transaction));
  }
  std::future<Result<>> Durable(TxgId txg) {
    auto promise = std::make_shared<std::promise<Result<>>>();
    store_->WhenDurable(txg, [promise](Result<> result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }
  static bool Ready(const std::future<Result<>>& future, std::chrono::seconds timeout = 10s) {
    return future.wait_for(timeout) == std::future_status::ready;
  }

  StoreDirectory directory_;
  std::unique_ptr<StoreImpl> store_ = directory_.Open();
};

TEST_F(CommitterTest, RequestsDuringACommitShareTheNext) {
  ScopedArm hold("store.commit.closed", Action::Block());
  auto first = Durable(Put(10));
  ASSERT_TRUE(WaitUntilHit("store.commit.closed"));
  std::vector<std::future<Result<>>> others;
  for (uint64_t ino = 11; ino < 31; ++ino) others.push_back(Durable(Put(ino)));
  EXPECT_FALSE(Ready(others.front(), 0s));
  test_point::Release("store.commit.closed");
  ASSERT_TRUE(Ready(first));
  EXPECT_TRUE(first.get());
  for (auto& other : others) {
    ASSERT_TRUE(Ready(other));
    EXPECT_TRUE(other.get());
  }
  EXPECT_EQ(store_->Commits().commits, 2);
}

TEST_F(CommitterTest, ARequestForTheRunningGroupWaitsForItAndNoLonger) {
  ScopedArm hold("store.commit.closed", Action::Block());
  const TxgId group = Put(10);
  auto first = Durable(group);
  ASSERT_TRUE(WaitUntilHit("store.commit.closed"));
  auto second = Durable(group);
  EXPECT_FALSE(Ready(second, 0s));
  test_point::Release("store.commit.closed");
  ASSERT_TRUE(Ready(second));
  EXPECT_TRUE(second.get());
  EXPECT_TRUE(store_->Commit());
  EXPECT_EQ(store_->Commits().commits, 1);
}

TEST_F(CommitterTest, NothingToCommitIsDurableAtOnce) {
  bool called = false;
  store_->WhenDurable(store_->OpenTxg(), [&](Result<> result) { called = result.has_value(); });
  EXPECT_TRUE(called);
  const TxgId group = Put(10);
  ASSERT_TRUE(store_->Commit());
  called = false;
  store_->WhenDurable(group, [&](Result<> result) { called = result.has_value(); });
  EXPECT_TRUE(called);
  EXPECT_EQ(store_->Commits().commits, 1);
  EXPECT_EQ(store_->Commits().durable, group);
}

TEST_F(CommitterTest, ADirtyGroupIsCommittedAfterTheInterval) {
  ScopedArm count("store.commit.retired", Action::Delay(0us));
  Put(10);
  store_->SetCommitInterval(10ms);
  EXPECT_TRUE(WaitUntilHit("store.commit.retired"));
  Put(11);
  EXPECT_TRUE(WaitUntilHit("store.commit.retired", 2));
}

TEST_F(CommitterTest, TooMuchPendingStartsACommit) {
  ScopedArm count("store.commit.retired", Action::Delay(0us));
  const uint64_t soft = test::SmallLimits().soft_pending;
  for (uint64_t bytes = 0; bytes < 2 * soft; bytes += kBlockSize) {
    const uint64_t address = *store_->AllocateSmall(1, AllocationClass::kInternal);
    Transaction transaction;
    transaction.PutSmall(address, test::FilledBlock('x'));
    store_->Apply(std::move(transaction));
  }
  EXPECT_TRUE(WaitUntilHit("store.commit.retired"));
}

TEST_F(CommitterTest, MakesRoomWaitWhileTooMuchIsPending) {
  ScopedArm hold("store.commit.closed", Action::Block());
  const uint64_t hard = test::SmallLimits().hard_pending;
  EXPECT_TRUE(store_->WaitForRoom(AllocationClass::kOverwrite));
  while (store_->Commits().pending_bytes < hard) {
    const uint64_t address = *store_->AllocateSmall(1, AllocationClass::kInternal);
    Transaction transaction;
    transaction.PutSmall(address, test::FilledBlock('x'));
    store_->Apply(std::move(transaction));
  }
  auto room = std::async(std::launch::async,
                         [&] { return store_->WaitForRoom(AllocationClass::kOverwrite); });
  EXPECT_EQ(room.wait_for(100ms), std::future_status::timeout);
  test_point::Release("store.commit.closed");
  ASSERT_EQ(room.wait_for(10s), std::future_status::ready);
  EXPECT_TRUE(room.get());
}

TEST_F(CommitterTest, WhatTheHookChangesIsInTheGroup) {
  Put(10);
  store_->SetPreCommit([&] { Put(10, 42); });
  ASSERT_TRUE(store_->Commit());
  EXPECT_EQ(store_->Commits().commits, 1);
  store_->SetPreCommit({});
  store_.reset();
  store_ = directory_.Open();
  EXPECT_EQ((*store_->GetInode(InodeId{10}))->size, 42);
}

TEST_F(CommitterTest, ChangesAfterTheGroupClosedAreInTheNext) {
  ScopedArm hold("store.commit.closed", Action::Block());
  const TxgId first = Put(10);
  auto durable = Durable(first);
  ASSERT_TRUE(WaitUntilHit("store.commit.closed"));
  EXPECT_EQ(Put(11), first + 1);
  test_point::Release("store.commit.closed");
  ASSERT_TRUE(Ready(durable));
  EXPECT_EQ(store_->Commits().durable, first);
}

// --- errors

class CommitErrors : public testing::Test {
 protected:
  void ExpectReadOnlyFromNowOn(StoreImpl& store) {
    EXPECT_EQ(store.WaitForRoom(AllocationClass::kOverwrite).error().code(), EIO);
    EXPECT_EQ(store.Commit().error().code(), EIO);
    EXPECT_FALSE(store.Commits().error.empty());
    EXPECT_EQ((*store.GetInode(InodeId{10}))->size, 2) << "pending changes stay readable";
  }
  void PutAndCommit(StoreImpl& store, uint64_t size, bool succeeds) {
    auto extents = store.Allocate(1, AllocationClass::kOverwrite);
    ASSERT_TRUE(extents);
    ASSERT_TRUE(
        store.WriteVolume(extents->front().start.block, test::FilledBlocks(1, 'x').Bytes()));
    store.Unallocate(*extents);
    Transaction transaction;
    transaction.PutInode(FileInode(10, size));
    store.Apply(std::move(transaction));
    EXPECT_EQ(store.Commit().has_value(), succeeds);
  }
  void ExpectSizeAfterReopening(uint64_t size) {
    directory_.seams = {};
    directory_.seams.limits = test::SmallLimits();
    auto store = directory_.Open();
    ASSERT_NE(store, nullptr);
    EXPECT_EQ((*store->GetInode(InodeId{10}))->size, size);
  }

  StoreDirectory directory_;
  test::FailingHost host_;
};

TEST_F(CommitErrors, AFailedSyncOfTheVolumeIsFinal) {
  host_.Install(directory_.seams);
  auto store = directory_.Open();
  ASSERT_NE(store, nullptr);
  ASSERT_NO_FATAL_FAILURE(PutAndCommit(*store, 1, true));
  host_.FailVolumeSyncs(true);
  ASSERT_NO_FATAL_FAILURE(PutAndCommit(*store, 2, false));
  host_.FailVolumeSyncs(false);
  ExpectReadOnlyFromNowOn(*store);
  store.reset();
  ExpectSizeAfterReopening(1);
}

TEST_F(CommitErrors, AFailedSyncOfTheLogIsFinal) {
  host_.Install(directory_.seams);
  auto store = directory_.Open();
  ASSERT_NE(store, nullptr);
  ASSERT_NO_FATAL_FAILURE(PutAndCommit(*store, 1, true));
  host_.FailLogSyncs(true);
  ASSERT_NO_FATAL_FAILURE(PutAndCommit(*store, 2, false));
  host_.FailLogSyncs(false);
  ExpectReadOnlyFromNowOn(*store);
}

}  // namespace
}  // namespace faultline::store
