// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/validator.h"

#include <memory>

#include "lock/class_token.h"
#include "lock/grace_period.h"
#include "lock/mutex.h"
#include "lock/range_lock.h"
#include "validator_fixture.h"

namespace faultline::lock {
namespace {

class Validator : public ValidatorTest {
 protected:
  /// Takes locks in this order and tells how many rules that broke.
  uint64_t Take(std::initializer_list<SharedMutex*> locks, Mode mode = Mode::kExclusive) {
    uint64_t before = ViolationCount();
    std::vector<std::unique_ptr<ExclusiveLock>> exclusive;
    std::vector<std::unique_ptr<SharedLock>> shared;
    for (SharedMutex* mu : locks) {
      if (mode == Mode::kExclusive)
        exclusive.push_back(std::make_unique<ExclusiveLock>(*mu));
      else
        shared.push_back(std::make_unique<SharedLock>(*mu));
    }
    return ViolationCount() - before;
  }

  SharedMutex directory_{LockClass::kDirectory, 5};
  SharedMutex directory_after_{LockClass::kDirectory, 6};
  SharedMutex inode_{LockClass::kInode, 5};
  SharedMutex mapping_{LockClass::kMapping, 5};
  SharedMutex table_{LockClass::kInodeTable, 0};
  SharedMutex other_table_{LockClass::kInodeTable, 1};
};

TEST_F(Validator, DeclaredOrderIsAllowed) {
  EXPECT_EQ(Take({&directory_, &inode_, &mapping_, &table_}), 0u);
}

TEST_F(Validator, OppositeOrderIsAViolationOnItsFirstOccurrence) {
  EXPECT_EQ(Take({&mapping_, &inode_}), 1u);
}

TEST_F(Validator, SharedLocksObeyTheOrderToo) {
  EXPECT_EQ(Take({&mapping_, &inode_}, Mode::kShared), 1u);
}

TEST_F(Validator, OrderIsCheckedAgainstEverythingHeldNotOnlyTheLast) {
  EXPECT_EQ(Take({&mapping_, &table_, &inode_}), 2u);
}

TEST_F(Validator, AscendingClassesAscend) {
  EXPECT_EQ(Take({&directory_, &directory_after_}), 0u);
  EXPECT_EQ(Take({&directory_after_, &directory_}), 1u);
}

TEST_F(Validator, SecondLockOfAClassThatAllowsOneIsAViolation) {
  EXPECT_EQ(Take({&table_, &other_table_}), 1u);
}

TEST_F(Validator, TwoLocksOfOneInstanceDoNotAscend) {
  SharedMutex twin(LockClass::kDirectory, 5);
  EXPECT_EQ(Take({&directory_, &twin}), 1u);
}

TEST_F(Validator, SharedLockTakenTwiceIsAViolation) {
  EXPECT_EQ(Take({&inode_, &inode_}, Mode::kShared), 1u);
}

TEST_F(Validator, SetSortsAndBreaksNoRule) {
  ExclusiveLockSet set({&directory_after_, &directory_});
  EXPECT_EQ(ViolationCount(), 0u);
}

TEST_F(Validator, ActionIsCheckedAgainstEverythingHeld) {
  ExclusiveLock inode(inode_);
  MayDo(Action::kVolumeIo);
  EXPECT_EQ(ViolationCount(), 0u);
  ExclusiveLock mapping(mapping_);
  MayDo(Action::kVolumeIo);
  EXPECT_EQ(ViolationCount(), 1u);
  mapping.Unlock();
  MayDo(Action::kVolumeIo);
  EXPECT_EQ(ViolationCount(), 1u);
}

TEST_F(Validator, RangesOfOneFileAscendAndDoNotOverlap) {
  RangeLock ranges(LockClass::kRange, 5);
  {
    RangeGuard first(ranges, {0, 4096}, Mode::kExclusive);
    RangeGuard second(ranges, {4096, 8192}, Mode::kExclusive);
    EXPECT_EQ(ViolationCount(), 0u);
  }
  RangeGuard second(ranges, {4096, 8192}, Mode::kExclusive);
  RangeGuard first(ranges, {0, 4096}, Mode::kExclusive);
  EXPECT_EQ(ViolationCount(), 1u);
}

TEST_F(Validator, OverlappingSharedRangesInOneThreadAreRecursion) {
  RangeLock ranges(LockClass::kRange, 5);
  RangeGuard first(ranges, {0, 8192}, Mode::kShared);
  RangeGuard second(ranges, {4096, 12288}, Mode::kShared);
  EXPECT_EQ(ViolationCount(), 1u);
  EXPECT_NE(LastReport().find("recursion"), std::string::npos);
}

TEST_F(Validator, TokensOfAGateMayBeHeldTwiceButOnlyShared) {
  ClassToken one(LockClass::kFreezeWrite);
  ClassToken two(LockClass::kFreezeWrite);
  EXPECT_EQ(ViolationCount(), 0u);
  ClassToken three(LockClass::kFreezeWrite, 0, Mode::kExclusive);
  EXPECT_EQ(ViolationCount(), 2u);
}

TEST_F(Validator, ReleaseInAnyOrderForgetsTheRightOne) {
  auto inode = std::make_unique<ExclusiveLock>(inode_);
  ExclusiveLock mapping(mapping_);
  inode.reset();
  MayDo(Action::kVolumeIo);  // still under mapping
  EXPECT_EQ(ViolationCount(), 1u);
  mapping.Unlock();
  EXPECT_EQ(CurrentContext().held.size(), 0u);
  EXPECT_EQ(CurrentContext().held.mask(), 0u);
}

TEST_F(Validator, WaitingUnderALockThatForbidsItIsAViolation) {
  Mutex mu(LockClass::kCommit);
  CondVar never;
  ExclusiveLock mapping(mapping_);
  MutexLock lock(mu);
  EXPECT_FALSE(never.WaitFor(lock, std::chrono::nanoseconds(1)));
  EXPECT_EQ(ViolationCount(), 1u);
}

TEST_F(Validator, WaitingWhileAnInnerLockIsHeldIsAViolation) {
  Mutex mu(LockClass::kFreezeState);
  Mutex inner(LockClass::kNotifier);
  CondVar never;
  MutexLock lock(mu);
  MutexLock held(inner);
  EXPECT_FALSE(never.WaitFor(lock, std::chrono::nanoseconds(1)));
  EXPECT_EQ(ViolationCount(), 1u) << "the mutex would be taken again under an inner one";
}

TEST_F(Validator, GracePeriodIsNotWaitedForInsideAReadSection) {
  GracePeriod grace;
  GracePeriod::ReadSection section(grace);
  MayDo(Action::kWaitForGrace);
  EXPECT_EQ(ViolationCount(), 1u);
}

TEST_F(Validator, AssertHeldWantsTheModeItNames) {
  SharedLock lock(inode_);
  inode_.AssertSharedHeld();
  EXPECT_EQ(ViolationCount(), 0u);
  mapping_.AssertSharedHeld();
  EXPECT_EQ(ViolationCount(), 1u);
  [this]() FL_NO_TSA("wrong on purpose") { inode_.AssertHeld(); }();
  EXPECT_EQ(ViolationCount(), 2u);
}

TEST_F(Validator, OffChecksNothing) {
  SetValidatorMode(ValidatorMode::kOff);
  EXPECT_EQ(Take({&mapping_, &inode_}), 0u);
  ExclusiveLock mapping(mapping_);
  MayDo(Action::kVolumeIo);
  EXPECT_EQ(ViolationCount(), 0u);
  EXPECT_EQ(CurrentContext().held.size(), 0u);
}

TEST_F(Validator, RepeatedViolationIsCountedEachTimeAndLoggedOnce) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Take({&mapping_, &inode_}), 1u);
  std::string log = testing::internal::GetCapturedStderr();
  testing::internal::CaptureStderr();
  size_t first = log.find("lock violation");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(log.find("lock violation", first + 1), std::string::npos);
}

TEST_F(Validator, MoreLocksThanAContextHoldsIsAViolation) {
  std::vector<ClassToken> tokens;
  for (size_t i = 0; i < HeldLocks::kCapacity; ++i) tokens.emplace_back(LockClass::kFreezeWrite);
  EXPECT_EQ(ViolationCount(), 0u);
  tokens.emplace_back(LockClass::kFreezeWrite);
  EXPECT_EQ(ViolationCount(), 1u);
}

TEST_F(Validator, EdgesAreRemembered) {
  {
    ExclusiveLock directory(directory_);
    ExclusiveLock inode(inode_);
  }
  for (const EdgeState& edge : CaptureLockState().edges) {
    if (edge.held != LockClass::kDirectory || edge.wanted != LockClass::kInode) continue;
    EXPECT_TRUE(edge.declared);
    EXPECT_TRUE(edge.observed);
    EXPECT_NE(edge.held_where.find("validator_test.cpp:"), std::string::npos);
    return;
  }
  FAIL() << "the edge is missing";
}

}  // namespace
}  // namespace faultline::lock
