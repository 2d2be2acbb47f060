// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/kernel_notifier.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <future>

namespace faultline::fuse {
namespace {

using std::chrono::seconds;

// Waits for a completion with a limit.
class Completion {
 public:
  std::function<void()> Function() {
    return [this] { promise_.set_value(); };
  }
  bool Arrives() { return future_.wait_for(seconds(20)) == std::future_status::ready; }
  bool HasArrived() { return future_.wait_for(seconds(0)) == std::future_status::ready; }

 private:
  std::promise<void> promise_;
  std::future<void> future_ = promise_.get_future();
};

TEST(KernelNotifier, CompletesAfterTheKernelHasDroppedThePages) {
  KernelNotifier notifier;
  std::atomic<bool> dropped{false};
  notifier.Connect([&](InodeId ino, ByteRange range) {
    EXPECT_EQ(ino, InodeId{5});
    EXPECT_EQ(range, (ByteRange{4096, 8192}));
    dropped = true;
    return 0;
  });
  Completion done;
  notifier.Invalidate(InodeId{5}, {4096, 8192}, [&, function = done.Function()] {
    EXPECT_TRUE(dropped);
    function();
  });
  EXPECT_TRUE(done.Arrives());
}

// The kernel may wait for requests that the caller's own worker has to serve.
TEST(KernelNotifier, CallerDoesNotWaitForTheKernel) {
  KernelNotifier notifier;
  std::promise<void> let_go;
  notifier.Connect([&](InodeId, ByteRange) {
    let_go.get_future().wait_for(seconds(20));
    return 0;
  });
  Completion done;
  notifier.Invalidate(InodeId{5}, {0, 4096}, done.Function());
  EXPECT_FALSE(done.HasArrived());
  let_go.set_value();
  EXPECT_TRUE(done.Arrives());
}

TEST(KernelNotifier, OrderIsKept) {
  KernelNotifier notifier;
  std::vector<uint64_t> order;
  notifier.Connect([&](InodeId ino, ByteRange) {
    order.push_back(Raw(ino));
    return 0;
  });
  for (uint64_t i = 1; i <= 100; ++i) notifier.Invalidate(InodeId{i}, {0, 1}, [] {});
  notifier.Drain();
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(KernelNotifier, WithoutConnectionThereAreNoPages) {
  KernelNotifier notifier;
  Completion done;
  notifier.Invalidate(InodeId{5}, {0, 1}, done.Function());
  EXPECT_TRUE(done.Arrives());
}

TEST(KernelNotifier, CompletionQueuedAtTheEndStillRuns) {
  std::atomic<int> completed{0};
  {
    KernelNotifier notifier;
    for (int i = 0; i < 100; ++i) notifier.Invalidate(InodeId{5}, {0, 1}, [&] { ++completed; });
  }
  EXPECT_EQ(completed, 100);
}

TEST(KernelNotifier, DeadConnectionIsNoFailure) {
  KernelNotifier notifier;
  for (int error : {ENOENT, ENODEV, ENOTCONN}) {
    notifier.Connect([error](InodeId, ByteRange) { return error; });
    Completion done;
    notifier.Invalidate(InodeId{5}, {0, 1}, done.Function());
    EXPECT_TRUE(done.Arrives());
  }
  notifier.Drain();
  EXPECT_EQ(notifier.Count().failed, 0u);
}

TEST(KernelNotifier, RefusalIsCounted) {
  KernelNotifier notifier;
  notifier.Connect([](InodeId, ByteRange) { return EINVAL; });
  notifier.Invalidate(InodeId{5}, {0, 1}, [] {});
  notifier.Drain();
  EXPECT_EQ(notifier.Count().failed, 1u);
  EXPECT_EQ(notifier.Count().completed, 1u);
}

TEST(KernelNotifier, NothingIsNotifiedAfterDisconnect) {
  KernelNotifier notifier;
  std::atomic<int> calls{0};
  notifier.Connect([&](InodeId, ByteRange) { return ++calls, 0; });
  notifier.Disconnect();
  notifier.Invalidate(InodeId{5}, {0, 1}, [] {});
  notifier.Drain();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace faultline::fuse
