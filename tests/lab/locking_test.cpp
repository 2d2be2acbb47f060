// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/locking.h"

#include <gtest/gtest.h>

namespace faultline::lab {
namespace {

class Locking : public testing::Test {
 protected:
  Turn As(size_t thread) { return {w_, w_.threads[thread], program_, rules_}; }
  bool Taken(Flow flow) { return flow.kind == Flow::Kind::kNext; }

  World w_;
  Program program_{"test"};
  Rules rules_;
};

TEST_F(Locking, ReadersShareWritersExclude) {
  Turn a = As(0), b = As(1), c = As(2);
  EXPECT_TRUE(Taken(TakeShared(a, Lock::kMmapLock)));
  EXPECT_TRUE(Taken(TakeShared(b, Lock::kMmapLock)));
  EXPECT_FALSE(Taken(TakeExclusive(c, Lock::kMmapLock)));
  DropLock(a, Lock::kMmapLock);
  DropLock(b, Lock::kMmapLock);
  EXPECT_TRUE(Taken(TakeExclusive(c, Lock::kMmapLock)));
  EXPECT_FALSE(Taken(TakeShared(a, Lock::kMmapLock)));
}

TEST_F(Locking, QueuedWriterStopsNewReaders) {
  Turn a = As(0), b = As(1), c = As(2);
  TakeShared(a, Lock::kMmapLock);
  EXPECT_EQ(TakeExclusive(b, Lock::kMmapLock).kind, Flow::Kind::kStay);
  EXPECT_EQ(TakeExclusive(b, Lock::kMmapLock).kind, Flow::Kind::kWait);
  EXPECT_FALSE(Taken(TakeShared(c, Lock::kMmapLock)));
}

TEST_F(Locking, SpinlocksDoNotQueue) {
  Turn a = As(0), b = As(1);
  TakeExclusive(a, Lock::kPageTable);
  EXPECT_EQ(TakeExclusive(b, Lock::kPageTable).kind, Flow::Kind::kWait);
}

TEST_F(Locking, SeveralLocksAreTakenTogetherOrNotAtAll) {
  Turn a = As(0), b = As(1);
  TakeShared(a, Lock::kRange1);
  EXPECT_FALSE(Taken(TakeExclusive(b, {Lock::kRange0, Lock::kRange1})));
  EXPECT_FALSE(b.t.exclusive.Has(Lock::kRange0));
  EXPECT_FALSE(Taken(TakeShared(a, Lock::kRange0))) << "queued on the whole range";
}

TEST_F(Locking, SleepingUnderSpinlockOrRcuIsAViolation) {
  for (const Lock lock : {Lock::kPageTable, Lock::kPrivateLock}) {
    w_ = {};
    Turn a = As(0);
    TakeExclusive(a, lock);
    CheckMaySleep(a);
    EXPECT_EQ(w_.violation, Violation::kSleepInAtomic) << Name(lock);
  }
  w_ = {};
  Turn a = As(0);
  TakeShared(a, Lock::kRcu);
  TakeShared(a, Lock::kMmapLock);
  EXPECT_EQ(w_.violation, Violation::kSleepInAtomic) << "a rwsem sleeps";
}

TEST_F(Locking, SrcuMaySleep) {
  Turn a = As(0);
  TakeShared(a, Lock::kSrcu);
  CheckMaySleep(a);
  EXPECT_EQ(w_.violation, Violation::kSound);
}

TEST_F(Locking, IoUnderAForbiddenLockIsAViolation) {
  program_.ForbidIoUnder(Lock::kMmapLock);
  Turn a = As(0);
  CheckMayDoIo(a);
  EXPECT_EQ(w_.violation, Violation::kSound);
  TakeShared(a, Lock::kMmapLock);
  CheckMayDoIo(a);
  EXPECT_EQ(w_.violation, Violation::kIoUnderLock);
}

TEST_F(Locking, GracePeriodWaitsForEarlierSectionsOnly) {
  Turn a = As(0), b = As(1);
  TakeShared(a, Lock::kSrcu);
  BeginGrace(w_);
  TakeShared(b, Lock::kSrcu);
  EXPECT_FALSE(GraceEnded(w_, rules_));
  DropLock(a, Lock::kSrcu);
  EXPECT_TRUE(GraceEnded(w_, rules_));
}

TEST_F(Locking, StoreIsSeenByOthersOnceItDrains) {
  w_.folios[0].uptodate = 1;
  Turn a = As(0);
  a.t.buffer = {Pending::kNotUptodate, 0};
  EXPECT_EQ(w_.folios[0].uptodate, 1);
  DropLock(a, Lock::kMmapLock);  // release orders
  EXPECT_EQ(w_.folios[0].uptodate, 0);
}

}  // namespace
}  // namespace faultline::lab
