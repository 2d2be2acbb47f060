// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>
#include <linux/falloc.h>

#include "support/kernel_mount.h"

// Page-killers against a kernel with mapped pages: each race is run once, at its worst moment.
namespace faultline::test {
namespace {

constexpr int kPunch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
constexpr ByteRange Page(uint64_t index) { return {index * kBlockSize, (index + 1) * kBlockSize}; }
const std::string kZeros(8, '\0');

class PageKillerRaces : public ::testing::Test {
 protected:
  void SetUp() override {
    ino_ = mount_.MakeFile("file");
    ASSERT_EQ(kernel_.Write(ino_, 0, std::string(4 * kBlockSize, 'o')), 0);
  }
  // Every page as it is in the file system now.
  void CacheAll() {
    for (uint64_t page = 0; page < 4; ++page) ASSERT_TRUE(kernel_.Load(ino_, page * kBlockSize, 1));
  }
  // A call that has published and waits for its invalidation.
  template <typename Call>
  std::future<int> Published(Call call) {
    auto thread = std::async(std::launch::async, std::move(call));
    kernel_.AwaitQueued();
    return thread;
  }
  std::future<int> PublishedPunch(ByteRange range) {
    return Published([this, range] { return kernel_.Fallocate(ino_, kPunch, range); });
  }
  int Finish(std::future<int>& call) {
    while (kernel_.RunOne()) {
    }
    FL_CHECK(call.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
    return call.get();
  }

  KernelMount mount_;
  FakeKernelCache& kernel_ = mount_.kernel;
  InodeId ino_{};
};

TEST_F(PageKillerRaces, StoreIntoAnOldPageDoesNotBringItBack) {
  CacheAll();
  auto punch = PublishedPunch(Page(1));
  ASSERT_EQ(kernel_.Store(ino_, kBlockSize, "x"), 0);
  kernel_.WriteBack(ino_, Page(1));
  EXPECT_EQ(mount_.Stored(ino_, {kBlockSize, kBlockSize + 8}), kZeros);
  ASSERT_EQ(Finish(punch), 0);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize, 8), kZeros);
  EXPECT_EQ(mount_.Stored(ino_, Page(1)), std::string(kBlockSize, '\0'));
}

TEST_F(PageKillerRaces, StoreThatIsDirtyWhenInvalidatedDoesNotBringThePageBack) {
  CacheAll();
  auto punch = PublishedPunch(Page(1));
  ASSERT_EQ(kernel_.Store(ino_, kBlockSize, "x"), 0);
  ASSERT_EQ(Finish(punch), 0);
  EXPECT_EQ(mount_.Stored(ino_, Page(1)), std::string(kBlockSize, '\0'));
}

// Between the unmask and the reply: the worst moment to find an old page that is still there.
TEST_F(PageKillerRaces, NoOldPageIsLeftWhenTheMaskEnds) {
  CacheAll();
  auto punch = PublishedPunch(Page(1));
  ASSERT_EQ(kernel_.Store(ino_, kBlockSize, "x"), 0);
  test_point::Arm("fs.killer.unmasked",
                  test_point::Action::Call([this] { kernel_.WriteBack(ino_, Page(1)); }));
  ASSERT_EQ(Finish(punch), 0);
  EXPECT_EQ(test_point::Hits("fs.killer.unmasked"), 1u);
  EXPECT_EQ(mount_.Stored(ino_, Page(1)), std::string(kBlockSize, '\0'));
}

// A READ that was sampled counts as a page, even if no other one was ever answered.
TEST_F(PageKillerRaces, OneReadIsEnoughToBeNotified) {
  const InodeId fresh = mount_.MakeFile("fresh");
  ASSERT_EQ(kernel_.WriteDirect(fresh, 0, std::string(kBlockSize, 'd')), 0);
  ASSERT_TRUE(kernel_.Load(fresh, 0, 1));
  kernel_.StartNotifier();
  ASSERT_EQ(kernel_.Fallocate(fresh, kPunch, Page(0)), 0);
  EXPECT_EQ(kernel_.Invalidations(), 1u);
}

TEST_F(PageKillerRaces, StoresBesideThePunchedBytesOfAnEdgePageAreKept) {
  CacheAll();
  auto punch = PublishedPunch({kBlockSize + 100, 2 * kBlockSize + 100});
  ASSERT_EQ(kernel_.Store(ino_, kBlockSize + 10, "left"), 0);
  ASSERT_EQ(kernel_.Store(ino_, 2 * kBlockSize + 200, "right"), 0);
  ASSERT_EQ(Finish(punch), 0);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize + 10, 4), "left");
  EXPECT_EQ(*kernel_.Load(ino_, 2 * kBlockSize + 200, 5), "right");
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize + 100, 8), kZeros);
  EXPECT_EQ(*kernel_.Load(ino_, 2 * kBlockSize + 92, 8), kZeros);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize + 92, 8), "oooooooo");
  EXPECT_EQ(*kernel_.Load(ino_, 2 * kBlockSize + 100, 8), "oooooooo");
}

TEST_F(PageKillerRaces, StoreOnTopOfNewContentIsKeptBeforeTheMaskEnds) {
  CacheAll();
  auto punch = PublishedPunch(Page(1));
  kernel_.DropClean(ino_, Page(1));
  ASSERT_EQ(*kernel_.Load(ino_, kBlockSize, 8), kZeros);
  ASSERT_EQ(kernel_.Store(ino_, kBlockSize, "new"), 0);
  kernel_.WriteBack(ino_, Page(1));
  ASSERT_EQ(Finish(punch), 0);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize, 4), std::string("new\0", 4));
}

TEST_F(PageKillerRaces, ReadSampledBeforeThePunchRegrantsNothing) {
  kernel_.DropClean(ino_, {0, kEndOfFile});
  HeldAt reader("fs.read.sampled", [&] { return kernel_.Load(ino_, kBlockSize, 8); });
  auto punch = PublishedPunch(Page(1));
  EXPECT_EQ(*reader.Join(), "oooooooo") << "concurrent with the punch";
  ASSERT_EQ(kernel_.Store(ino_, kBlockSize, "x"), 0);
  kernel_.WriteBack(ino_, Page(1));
  EXPECT_EQ(mount_.Stored(ino_, Page(1)), std::string(kBlockSize, '\0'));
  ASSERT_EQ(Finish(punch), 0);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize, 8), kZeros);
}

// The invalidation waits for the page that is being read.
TEST_F(PageKillerRaces, ReadAnsweredAfterThePunchLeavesNoOldPage) {
  kernel_.DropClean(ino_, {0, kEndOfFile});
  kernel_.StartNotifier();
  HeldAt reader("fs.read.sampled", [&] { return kernel_.Load(ino_, kBlockSize, 8); });
  test_point::Arm("fs.killer.published", test_point::Action::Delay(std::chrono::microseconds(0)));
  auto punch =
      std::async(std::launch::async, [&] { return kernel_.Fallocate(ino_, kPunch, Page(1)); });
  ASSERT_TRUE(test_point::WaitUntilHit("fs.killer.published"));
  EXPECT_EQ(*reader.Join(), "oooooooo");
  ASSERT_EQ(punch.get(), 0);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize, 8), kZeros);
}

// A slow reader may answer old bytes of its own file, never those of another one.
TEST_F(PageKillerRaces, BlocksOfASlowReaderAreNotRecycled) {
  KernelMount small({.volume_blocks = 80, .reserve_blocks = 2, .manual_commit = true});
  const InodeId file = small.MakeFile("file");
  ASSERT_EQ(small.kernel.Write(file, 0, std::string(32 * kBlockSize, 'o')), 0);
  HeldAt reader("fs.read.sampled", [&] { return small.Stored(file, Page(0)); });
  ASSERT_EQ(small.kernel.Truncate(file, 0), 0);
  ASSERT_TRUE(small.store.Commit());
  const InodeId other = small.MakeFile("other");
  for (uint64_t row = 0; row < 2; ++row) {
    ASSERT_EQ(small.kernel.Write(other, row * 20 * kBlockSize, std::string(20 * kBlockSize, 'n')),
              0);
  }
  EXPECT_EQ(reader.Join(), std::string(kBlockSize, 'o'));
}

TEST_F(PageKillerRaces, DirectWriteLeavesNoOldPage) {
  CacheAll();
  auto write = Published(
      [this] { return kernel_.WriteDirect(ino_, kBlockSize, std::string(kBlockSize, 'd')); });
  // Faulted in again after the flush, before the write was published: the worst page there is.
  ASSERT_EQ(kernel_.Store(ino_, 2 * kBlockSize, "x"), 0);
  ASSERT_EQ(Finish(write), 0);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize, 8), "dddddddd");
  EXPECT_EQ(*kernel_.Load(ino_, 2 * kBlockSize, 1), "x");
}

TEST_F(PageKillerRaces, OldPageUnderADirectWriteDoesNotComeBack) {
  CacheAll();
  HeldAt write("fs.write.placed", [this] {
    return kernel_.WriteDirect(ino_, kBlockSize, std::string(kBlockSize, 'd'));
  });
  ASSERT_EQ(*kernel_.Load(ino_, kBlockSize, 1), "o") << "read again before the publish";
  ASSERT_EQ(kernel_.Store(ino_, kBlockSize + 1, "x"), 0);
  write.LetGo();
  kernel_.AwaitQueued();
  kernel_.WriteBack(ino_, Page(1));
  EXPECT_EQ(mount_.Stored(ino_, Page(1)), std::string(kBlockSize, 'd'));
  ASSERT_TRUE(kernel_.RunOne());
  EXPECT_EQ(write.Join(), 0);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize, 8), "dddddddd");
}

TEST_F(PageKillerRaces, CopyDestinationLeavesNoOldPage) {
  const InodeId source = mount_.MakeFile("source");
  ASSERT_EQ(kernel_.Write(source, 0, std::string(kBlockSize, 's')), 0);
  CacheAll();
  auto copy = Published([&] {
    const Result<size_t> copied = kernel_.Copy(source, 0, ino_, kBlockSize, kBlockSize);
    return copied ? 0 : copied.error().code();
  });
  ASSERT_EQ(kernel_.Store(ino_, kBlockSize, "x"), 0);
  kernel_.WriteBack(ino_, Page(1));
  ASSERT_EQ(Finish(copy), 0);
  EXPECT_EQ(*kernel_.Load(ino_, kBlockSize, 8), "ssssssss");
}

TEST_F(PageKillerRaces, FileWithoutPagesNeedsNoNotification) {
  const InodeId fresh = mount_.MakeFile("fresh");
  ASSERT_EQ(kernel_.WriteDirect(fresh, 0, std::string(kBlockSize, 'd')), 0);
  ASSERT_EQ(kernel_.Fallocate(fresh, kPunch, Page(0)), 0);
  EXPECT_EQ(kernel_.Queued(), 0u);
}

// SETATTR(size) closes the gate that an invalidation would wait for.
TEST_F(PageKillerRaces, TruncateNotifiesNobody) {
  CacheAll();
  ASSERT_EQ(kernel_.Store(ino_, 0, "dirty"), 0);
  ASSERT_EQ(kernel_.Truncate(ino_, kBlockSize), 0);
  EXPECT_EQ(kernel_.Queued(), 0u);
  EXPECT_EQ(mount_.Stored(ino_, {0, 5}), "dirty");
}

}  // namespace
}  // namespace faultline::test
