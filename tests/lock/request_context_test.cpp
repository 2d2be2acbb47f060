// SPDX-License-Identifier: GPL-2.0-or-later
#include <thread>

#include "lock/class_token.h"
#include "lock/held_locks.h"
#include "lock/mutex.h"
#include "validator_fixture.h"

namespace faultline::lock {
namespace {

class RequestRules : public ValidatorTest {};

TEST_F(RequestRules, HeldLocksBelongToTheRequestNotToTheThread) {
  RequestContext request(17, 16, 4711, "WRITE");
  {
    RequestScope scope(request);
    KernelHeld({LockClass::kInodeRwsem}, 5);
    EXPECT_EQ(&CurrentContext(), &request);
  }
  EXPECT_NE(&CurrentContext(), &request);
  EXPECT_EQ(CurrentContext().held.size(), 0u);
  EXPECT_EQ(request.held.size(), 1u);
}

TEST_F(RequestRules, ParkedRequestTakesItsLocksToTheThreadThatResumesIt) {
  RequestContext request(17, 16, 4711, "FALLOCATE");
  ClassToken token;
  {
    RequestScope scope(request);
    KernelHeld({LockClass::kInodeRwsem}, 5);
    token = ClassToken(LockClass::kFreezeWrite);
    request.Park("waits for the notifier");
  }
  EXPECT_EQ(request.state(), ContextState::kParked);
  std::thread([&] {
    RequestScope scope(request);
    EXPECT_EQ(request.state(), ContextState::kRunning);
    uint64_t before = ViolationCount();
    TakesInKernel({LockClass::kDirInode}, "notify_inval_entry");
    EXPECT_GT(ViolationCount(), before) << "i_rwsem came along";
    token.Release();
  }).join();
  EXPECT_EQ(request.held.size(), 1u);
}

TEST_F(RequestRules, ParkingUnderALockIsAViolation) {
  Mutex mu(LockClass::kInodeTable);
  RequestContext request(17, 16, 4711, "WRITE");
  RequestScope scope(request);
  MutexLock lock(mu);
  request.Park("freeze");
  EXPECT_EQ(ViolationCount(), 1u);
}

TEST_F(RequestRules, EndingWithALockHeldIsAViolation) {
  {
    RequestContext request(17, 16, 4711, "WRITE");
    {
      RequestScope scope(request);
      KernelHeld({LockClass::kInodeRwsem}, 5);  // these end with the reply
    }
    EXPECT_EQ(ViolationCount(), 0u);
  }
  ClassToken token;
  {
    RequestContext request(18, 16, 4711, "WRITE");
    RequestScope scope(request);
    token = ClassToken(LockClass::kFreezeWrite);
    ClassToken moved = std::move(token);
    EXPECT_FALSE(token);
  }
  EXPECT_EQ(ViolationCount(), 0u);
}

TEST_F(RequestRules, OuterContextsOfTheThreadCount) {
  SharedMutex mapping(LockClass::kMapping, 5);
  ExclusiveLock lock(mapping);
  RequestContext request(17, 16, 4711, "WRITE");
  RequestScope scope(request);
  MayDo(Action::kVolumeIo);
  EXPECT_EQ(ViolationCount(), 1u);
  SharedMutex inode(LockClass::kInode, 5);
  ExclusiveLock inverted(inode);
  EXPECT_EQ(ViolationCount(), 2u);
}

TEST_F(RequestRules, ScopesNest) {
  RequestContext outer(1, 0, 0, "FLUSH"), inner(2, 0, 0, "WRITE");
  RequestScope first(outer);
  {
    RequestScope second(inner);
    EXPECT_EQ(&CurrentContext(), &inner);
  }
  EXPECT_EQ(&CurrentContext(), &outer);
}

TEST_F(RequestRules, LockTakenOutsideMayBeLetGoInside) {
  Mutex mu(LockClass::kNotifier);
  auto lock = std::make_unique<MutexLock>(mu);
  RequestContext request(1, 0, 0, "FLUSH");
  RequestScope scope(request);
  lock.reset();
  MayDo(Action::kVolumeIo);
  EXPECT_EQ(ViolationCount(), 0u);
}

}  // namespace
}  // namespace faultline::lock
