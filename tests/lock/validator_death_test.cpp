// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "lock/class_token.h"
#include "lock/held_locks.h"
#include "lock/mutex.h"
#include "lock/validator.h"

/// One death a rule: in abort mode the daemon stops before the thread can block.
namespace faultline::lock {
namespace {

class ValidatorDeathTest : public testing::Test {
 protected:
  ValidatorDeathTest() : mode_(GetValidatorMode()) { SetValidatorMode(ValidatorMode::kAbort); }
  ~ValidatorDeathTest() override { SetValidatorMode(mode_); }

  const ValidatorMode mode_;
  SharedMutex inode_{LockClass::kInode, 5};
  SharedMutex mapping_{LockClass::kMapping, 5};
  Mutex table_{LockClass::kInodeTable};
};

TEST_F(ValidatorDeathTest, LockOrder) {
  EXPECT_DEATH(
      {
        ExclusiveLock mapping(mapping_);
        ExclusiveLock inode(inode_);
      },
      "lock violation: lock order");
}

TEST_F(ValidatorDeathTest, SecondLockOfAClass) {
  EXPECT_DEATH(
      {
        Mutex other(LockClass::kInodeTable);
        MutexLock first(table_);
        MutexLock second(other);
      },
      "lock violation: second lock of a class");
}

TEST_F(ValidatorDeathTest, Recursion) {
  EXPECT_DEATH(
      [this]() FL_NO_TSA("wrong on purpose") {
        SharedLock first(inode_);
        SharedLock second(inode_);
      }(),
      "lock violation: recursion");
}

TEST_F(ValidatorDeathTest, RecursionThatWouldHang) {
  EXPECT_DEATH(
      [this]() FL_NO_TSA("wrong on purpose") {
        MutexLock first(table_);
        MutexLock second(table_);
      }(),
      "lock violation: recursion");
}

TEST_F(ValidatorDeathTest, Upgrade) {
  EXPECT_DEATH(
      [this]() FL_NO_TSA("wrong on purpose") {
        SharedLock first(inode_);
        ExclusiveLock second(inode_);
      }(),
      "lock violation: upgrade");
}

TEST_F(ValidatorDeathTest, ForbiddenAction) {
  EXPECT_DEATH(
      {
        SharedLock mapping(mapping_);
        MayDo(Action::kVolumeIo);
      },
      "lock violation: forbidden action");
}

TEST_F(ValidatorDeathTest, NotificationWithALockHeld) {
  EXPECT_DEATH(
      {
        SharedLock inode(inode_);
        TakesInKernel({LockClass::kFolio}, "notify_inval_inode");
      },
      "notifying the kernel by notify_inval_inode");
}

TEST_F(ValidatorDeathTest, InversionThroughTheKernel) {
  EXPECT_DEATH(
      {
        RequestContext request(1, 15, 0, "READ");
        RequestScope scope(request);
        KernelHeld({LockClass::kInodeRwsem}, 5);
        TakesInKernel({LockClass::kDirInode}, "notify_delete");
      },
      "'directory i_rwsem' exclusive by notify_delete");
}

TEST_F(ValidatorDeathTest, WorkerWaits) {
  EXPECT_DEATH(
      {
        NameThisThread("worker", ThreadRole::kWorker);
        MayDo(Action::kWaitForRequest);
      },
      "lock violation: worker waits");
}

TEST_F(ValidatorDeathTest, LockNotHeld) {
  EXPECT_DEATH(mapping_.AssertHeld(), "lock violation: lock not held");
}

TEST_F(ValidatorDeathTest, TooManyLocks) {
  EXPECT_DEATH(
      {
        std::vector<ClassToken> tokens;
        for (size_t i = 0; i <= HeldLocks::kCapacity; ++i)
          tokens.emplace_back(LockClass::kFreezeWrite);
      },
      "lock violation: too many locks");
}

TEST_F(ValidatorDeathTest, LockStillHeldWhenTheRequestEnds) {
  EXPECT_DEATH(
      {
        ClassToken token;
        RequestContext request(1, 15, 0, "READ");
        RequestScope scope(request);
        token = ClassToken(LockClass::kFreezeWrite);
      },
      "lock violation: lock still held");
}

TEST_F(ValidatorDeathTest, RequestInTwoThreads) {
  EXPECT_DEATH(
      {
        RequestContext request(1, 15, 0, "READ");
        RequestScope first(request);
        RequestScope second(request);
      },
      "in two threads at once");
}

}  // namespace
}  // namespace faultline::lock
