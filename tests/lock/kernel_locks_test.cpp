// SPDX-License-Identifier: GPL-2.0-or-later
#include <thread>

#include "lock/class_token.h"
#include "lock/held_locks.h"
#include "lock/mutex.h"
#include "validator_fixture.h"

/// Inversions through the kernel: what a requester holds against what a notification takes. Each
/// rule here was a hang of a real daemon before it was a row of the table.
namespace faultline::lock {
namespace {

using enum LockClass;

struct Call {
  const char* name;
  ClassMask takes;
};
const Call kInvalInode{"notify_inval_inode", Classes(kFolio, kWriteback, kNowrite)};
const Call kInvalAttributes{"notify_inval_inode(attributes)", Classes()};
const Call kInvalEntry{"notify_inval_entry", Classes(kDirInode)};
const Call kDelete{"notify_delete", Classes(kDirInode, kInodeRwsem)};
const Call kFsync{"fsync", Classes(kInodeRwsem, kFolio, kWriteback, kNowrite)};
const Call kFlushRange{"sync_file_range", Classes(kFolio, kWriteback, kNowrite)};

class KernelLocks : public ValidatorTest {
 protected:
  /// Does a request whose requester holds these deadlock when it makes this call?
  static bool Refused(ClassMask held, const Call& call) {
    RequestContext request(1, 0, 0, "test");
    RequestScope scope(request);
    KernelHeld(held, 5);
    uint64_t before = ViolationCount();
    TakesInKernel(call.takes, call.name);
    return ViolationCount() != before;
  }

  const ClassMask read_ = Classes(kFolio);
  const ClassMask writeback_ = Classes(kWriteback);
  const ClassMask write_ = Classes(kInodeRwsem);
  const ClassMask partial_write_ = Classes(kInodeRwsem, kFolio);
  const ClassMask truncate_ = Classes(kInodeRwsem, kNowrite);
  const ClassMask lookup_ = Classes(kDirInode);
  const ClassMask rename_ = Classes(kVfsRename, kDirInode, kInodeRwsem);
};

TEST_F(KernelLocks, ReadMayNotInvalidate) { EXPECT_TRUE(Refused(read_, kInvalInode)); }

TEST_F(KernelLocks, WritebackMayNotInvalidate) { EXPECT_TRUE(Refused(writeback_, kInvalInode)); }

TEST_F(KernelLocks, TruncateMayNotInvalidateNorFlush) {
  EXPECT_TRUE(Refused(truncate_, kInvalInode));
  EXPECT_TRUE(Refused(truncate_, kFlushRange));
}

TEST_F(KernelLocks, PartialPageWriteMayNotInvalidate) {
  EXPECT_TRUE(Refused(partial_write_, kInvalInode));
}

TEST_F(KernelLocks, PunchMayInvalidate) { EXPECT_FALSE(Refused(write_, kInvalInode)); }

TEST_F(KernelLocks, AttributesMayBeInvalidatedFromEverywhere) {
  for (ClassMask held : {read_, writeback_, truncate_, lookup_, rename_})
    EXPECT_FALSE(Refused(held, kInvalAttributes));
}

TEST_F(KernelLocks, DirectoryOperationMayNotInvalidateAnEntry) {
  EXPECT_TRUE(Refused(lookup_, kInvalEntry));
  EXPECT_TRUE(Refused(rename_, kInvalEntry));
  EXPECT_FALSE(Refused(0, kInvalEntry));
}

TEST_F(KernelLocks, DirectoryOperationMayInvalidateAnInode) {
  EXPECT_FALSE(Refused(lookup_, kInvalInode));
}

TEST_F(KernelLocks, WriteMayNotDeleteAnEntry) { EXPECT_TRUE(Refused(write_, kDelete)); }

TEST_F(KernelLocks, FsyncBehindAWriteHangsAndAFlushDoesNot) {
  EXPECT_TRUE(Refused(write_, kFsync));
  EXPECT_FALSE(Refused(write_, kFlushRange));
}

TEST_F(KernelLocks, NoDaemonLockIsHeldAcrossANotification) {
  for (const HierarchyRow& row : kHierarchy) {
    if (row.is_kernel) continue;
    ClassToken token(row.lock_class);
    EXPECT_TRUE(Refused(0, kInvalInode)) << row.name;
  }
}

TEST_F(KernelLocks, WorkerNeverWaitsForTheKernel) {
  uint64_t before = 0, after = 0;
  std::thread([&] {
    NameThisThread("worker", ThreadRole::kWorker);
    before = ViolationCount();
    Refused(0, kInvalInode);
    after = ViolationCount();
  }).join();
  EXPECT_EQ(after, before + 1);
}

TEST_F(KernelLocks, RequestThatHoldsTheFolioDoesNotWaitForAnotherRequest) {
  RequestContext request(1, 15, 0, "READ");
  RequestScope scope(request);
  KernelHeld({kFolio}, 5);
  MayDo(Action::kVolumeIo);
  EXPECT_EQ(ViolationCount(), 0u);
  MayDo(Action::kWaitForRequest);
  EXPECT_EQ(ViolationCount(), 1u);
}

TEST_F(KernelLocks, WritebackNeverWaitsAtTheWriteGate) {
  RequestContext request(1, 16, 0, "WRITE");
  RequestScope scope(request);
  KernelHeld({kWriteback}, 5);
  ClassToken fault(kFreezeFault);
  EXPECT_EQ(ViolationCount(), 0u);
  ClassToken write(kFreezeWrite);
  EXPECT_EQ(ViolationCount(), 2u) << "below the fault gate, and for writeback at all";
}

TEST_F(KernelLocks, DeclaredKernelLocksAreFactsAndNotCheckedAgainstEachOther) {
  RequestContext request(1, 0, 0, "RENAME2");
  RequestScope scope(request);
  KernelHeld(rename_, 5);
  EXPECT_EQ(ViolationCount(), 0u);
  EXPECT_EQ(request.held.size(), 3u);
}

}  // namespace
}  // namespace faultline::lock
