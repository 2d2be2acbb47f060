// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/violation_report.h"

#include <thread>

#include "lock/class_token.h"
#include "lock/mutex.h"
#include "validator_fixture.h"

/// The reports, word for word: they are read by somebody whose daemon has just stopped.
namespace faultline::lock {
namespace {

constexpr Place At(uint32_t line) { return {"src/fs/example.cpp", line}; }

class ViolationReport : public ValidatorTest {
 protected:
  ViolationReport() { NameThisThread("golden", ThreadRole::kBackground); }

  SharedMutex inode_{LockClass::kInode, 5};
  SharedMutex mapping_{LockClass::kMapping, 5};
  Mutex table_{LockClass::kInodeTable};
};

TEST_F(ViolationReport, OfAnInversionNamesBothOrders) {
  {
    ExclusiveLock inode(inode_, At(10));
    SharedLock mapping(mapping_, At(11));
  }
  RequestContext request(17, 16, 4711, "WRITE");
  RequestScope scope(request);
  KernelHeld({LockClass::kInodeRwsem}, 5, At(1));
  ExclusiveLock mapping(mapping_, At(20));
  SharedLock inode(inode_, At(21));
  EXPECT_EQ(LastReport(), R"(lock violation: lock order
  wanted    'inode' #5 shared, at src/fs/example.cpp:21
  against   'mapping' #5 exclusive, taken at src/fs/example.cpp:20
  rule      'inode' may be taken under: s_vfs_rename_mutex, directory i_rwsem, inode i_rwsem, mmap_lock, folio lock, writeback bit, NOWRITE gate, freeze gate: write, freeze gate: fault, directory
  opposite  first seen with 'inode' taken at src/fs/example.cpp:10, then 'mapping' at src/fs/example.cpp:11
  by        request 17 WRITE (opcode 16, pid 4711) in thread 'golden'
  holds     'mapping' #5 exclusive, taken at src/fs/example.cpp:20
  holds     'inode i_rwsem' #5 in the kernel, declared at src/fs/example.cpp:1
)");
}

TEST_F(ViolationReport, OfAnInversionThroughTheKernelNamesTheCall) {
  RequestContext request(9, 15, 77, "READ");
  RequestScope scope(request);
  KernelHeld({LockClass::kWriteback}, 5, At(1));
  TakesInKernel({LockClass::kFolio}, "notify_inval_inode", At(30));
  std::string report = LastReport();
  EXPECT_EQ(report.substr(0, report.find("  rule")), R"(lock violation: lock order
  wanted    'folio lock' exclusive by notify_inval_inode, at src/fs/example.cpp:30
  against   'writeback bit' #5 in the kernel, declared at src/fs/example.cpp:1
)");
}

TEST_F(ViolationReport, OfAForbiddenActionListsWhatIsAllowed) {
  ExclusiveLock inode(inode_, At(40));
  MutexLock table(table_, At(41));
  MayDo(Action::kVolumeIo, At(42));
  EXPECT_EQ(LastReport(), R"(lock violation: forbidden action
  wanted    volume I/O, at src/fs/example.cpp:42
  against   'inode table' exclusive, taken at src/fs/example.cpp:41
  rule      under 'inode table' one may do: nothing
  by        thread 'golden'
  holds     'inode table' exclusive, taken at src/fs/example.cpp:41
  holds     'inode' #5 exclusive, taken at src/fs/example.cpp:40
)");
}

TEST_F(ViolationReport, OfAWorkerThatWaitsNamesTheCall) {
  std::thread([] {
    NameThisThread("worker-3", ThreadRole::kWorker);
    TakesInKernel({LockClass::kFolio}, "notify_inval_inode", At(50));
  }).join();
  EXPECT_EQ(LastReport(), R"(lock violation: worker waits
  wanted    waiting for a request by notify_inval_inode, at src/fs/example.cpp:50
  rule      a worker thread never waits for what a further request has to bring
  by        thread 'worker-3'
  holds     nothing
)");
}

TEST_F(ViolationReport, OfASecondLockNamesTheRuleOfItsClass) {
  SharedMutex lower(LockClass::kInode, 4);
  ExclusiveLock inode(inode_, At(60));
  ExclusiveLock second(lower, At(61));
  EXPECT_EQ(LastReport(), R"(lock violation: second lock of a class
  wanted    'inode' #4 exclusive, at src/fs/example.cpp:61
  against   'inode' #5 exclusive, taken at src/fs/example.cpp:60
  rule      locks of class 'inode': several, ascending
  by        thread 'golden'
  holds     'inode' #5 exclusive, taken at src/fs/example.cpp:60
)");
}

TEST_F(ViolationReport, HasAStack) {
  [this]() FL_NO_TSA("wrong on purpose") {
    SharedLock lock(inode_, At(70));
    SharedLock again(inode_, At(71));
  }();
  std::string report = CaptureLockState().last_violation;
  EXPECT_NE(report.find("  stack\n    "), std::string::npos);
}

TEST_F(ViolationReport, NamesEveryRule) {
  for (int i = 0; i <= static_cast<int>(Rule::kStillHeld); ++i)
    EXPECT_NE(Name(static_cast<Rule>(i)), "?");
}

}  // namespace
}  // namespace faultline::lock
