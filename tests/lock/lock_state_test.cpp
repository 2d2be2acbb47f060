// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/lock_state.h"

#include <atomic>
#include <thread>

#include "lock/mutex.h"
#include "lock/thread.h"
#include "validator_fixture.h"

namespace faultline::lock {
namespace {

class LockStates : public ValidatorTest {
 protected:
  static const ContextSnapshot* Find(const LockState& state, std::string_view name) {
    for (const ContextSnapshot& c : state.contexts)
      if (c.name == name) return &c;
    return nullptr;
  }

  /// Waits until a context of that name is blocked on a lock.
  static LockState CaptureWhenWaiting(std::string_view name) {
    for (int i = 0; i < 200000; ++i) {
      LockState state = CaptureLockState();
      const ContextSnapshot* c = Find(state, name);
      if (c != nullptr && !c->waits_for.empty()) return state;
      std::this_thread::yield();
    }
    ADD_FAILURE() << name << " never waits";
    return CaptureLockState();
  }

  SharedMutex inode_{LockClass::kInode, 5};
  SharedMutex mapping_{LockClass::kMapping, 5};
};

TEST_F(LockStates, ShowsWhoHoldsWhat) {
  RequestContext request(17, 16, 4711, "WRITE");
  RequestScope scope(request);
  KernelHeld({LockClass::kInodeRwsem}, 5);
  ExclusiveLock lock(inode_);
  LockState state = CaptureLockState();
  const ContextSnapshot* c = Find(state, "WRITE");
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->unique, 17u);
  EXPECT_EQ(c->pid, 4711u);
  EXPECT_NE(c->thread_id, 0);
  ASSERT_EQ(c->holds.size(), 2u);
  EXPECT_TRUE(c->holds[0].in_kernel);
  EXPECT_EQ(c->holds[1].lock_class, LockClass::kInode);
  EXPECT_EQ(c->holds[1].instance, 5u);
  EXPECT_EQ(c->holds[1].mode, Mode::kExclusive);
}

TEST_F(LockStates, ForgetsARequestThatHasEnded) {
  { RequestContext request(17, 16, 4711, "WRITE"); }
  EXPECT_EQ(Find(CaptureLockState(), "WRITE"), nullptr);
}

TEST_F(LockStates, ParkedRequestSaysWhatItWaitsFor) {
  RequestContext request(17, 16, 4711, "WRITE");
  {
    RequestScope scope(request);
    request.Park("freeze");
  }
  LockState state = CaptureLockState();
  const ContextSnapshot* c = Find(state, "WRITE");
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->state, ContextState::kParked);
  EXPECT_EQ(c->park_reason, "freeze");
  EXPECT_EQ(DescribeWaitChain(state, *c),
            "request 17 WRITE (opcode 16, pid 4711) is parked: freeze\n");
}

TEST_F(LockStates, WaitChainLeadsFromTheWaiterOverEachHolder) {
  RequestContext request(17, 16, 4711, "WRITE");
  RequestScope scope(request);
  ExclusiveLock mapping(mapping_);
  Thread middle("middle", [this] {
    ExclusiveLock inode(inode_);
    ExclusiveLock wanted(mapping_);
  });
  CaptureWhenWaiting("middle");
  Thread last("last", [this] { ExclusiveLock wanted(inode_); });
  LockState state = CaptureWhenWaiting("last");
  std::string chain = DescribeWaitChain(state, *Find(state, "last"));
  mapping.Unlock();

  size_t first = chain.find("thread 'last'");
  size_t second = chain.find("thread 'middle'", first);
  size_t third = chain.find("request 17 WRITE (opcode 16, pid 4711) waits for no lock", second);
  EXPECT_NE(first, std::string::npos) << chain;
  EXPECT_NE(second, std::string::npos) << chain;
  EXPECT_NE(third, std::string::npos) << chain;
  EXPECT_NE(chain.find("waits for 'inode' #5"), std::string::npos) << chain;
}

TEST_F(LockStates, WaitersAreKnownEvenWhenTheValidatorIsOff) {
  SetValidatorMode(ValidatorMode::kOff);
  ExclusiveLock lock(inode_);
  Thread waiter("waiter", [this] { ExclusiveLock wanted(inode_); });
  LockState state = CaptureWhenWaiting("waiter");
  lock.Unlock();
  EXPECT_NE(DescribeWaitChain(state, *Find(state, "waiter")).find("unknown context"),
            std::string::npos);
}

TEST_F(LockStates, CycleIsNamedAsADeadlock) {
  LockState state{};
  int a = 0, b = 0;
  auto add = [&](const char* name, const void* holds, const void* wants) {
    ContextSnapshot c{};
    c.kind = LockContext::Kind::kThread;
    c.state = ContextState::kWaiting;
    c.name = name;
    c.holds.push_back(
        {LockClass::kInode, 1, 0, 0, Mode::kExclusive, false, holds, "src/x.cpp:1", 0});
    c.waits_for.push_back({LockClass::kInode, 2, wants, "src/x.cpp:2", 0});
    state.contexts.push_back(std::move(c));
  };
  add("one", &a, &b);
  add("two", &b, &a);
  EXPECT_NE(DescribeWaitChain(state, state.contexts[0]).find("deadlock"), std::string::npos);
}

/// Snapshots are taken while owners push and pop: none may be torn.
TEST_F(LockStates, SnapshotsOfBusyContextsAreWhole) {
  std::atomic<bool> stop{false};
  Thread busy("busy", [&] {
    while (!stop) {
      ExclusiveLock inode(inode_);
      ExclusiveLock mapping(mapping_);
    }
  });
  for (int i = 0; i < 200; ++i) {
    LockState state = CaptureLockState();
    const ContextSnapshot* c = Find(state, "busy");
    if (c == nullptr) continue;
    ASSERT_LE(c->holds.size(), 2u);
    for (size_t j = 0; j < c->holds.size(); ++j)
      ASSERT_EQ(c->holds[j].lock_class, j == 0 ? LockClass::kInode : LockClass::kMapping);
  }
  stop = true;
}

}  // namespace
}  // namespace faultline::lock
