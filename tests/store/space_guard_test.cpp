// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/space_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "store/layout.h"
#include "support/store_directory.h"

// A store on a host that is too small: RocksDB aborts the process when it meets a full disk, so
// that these tests end at all is the first thing they prove.
namespace faultline::store {
namespace {

using namespace std::chrono_literals;
using test::FileInode;
using test::TemporaryDirectory;

constexpr uint64_t kMiB = uint64_t{1} << 20;

class TinyHost : public testing::Test {
 protected:
  void SetUp() override {
    if (mount("tmpfs", Host().c_str(), "tmpfs", 0, "size=96m") != 0)
      GTEST_SKIP() << "cannot mount a tmpfs here: errno " << errno;
    mounted_ = true;
    FormatOptions options;
    options.size = uint64_t{1} << 30;
    auto made = Format(Store(), options);
    ASSERT_TRUE(made) << made.error().ToString();
    OpenStore();
  }
  void TearDown() override {
    store_.reset();
    if (mounted_) {
      EXPECT_EQ(umount(Host().c_str()), 0);
    }
  }

  const std::filesystem::path& Host() const { return directory_.Path(); }
  std::filesystem::path Store() const { return Host() / "store"; }
  void OpenStore() {
    OpenOptions options;
    options.commit_interval = 5min;
    auto store = StoreImpl::Open(Store(), options);
    ASSERT_TRUE(store) << store.error().ToString();
    store_ = *std::move(store);
  }

  // Somebody else takes everything the host has but `leave` bytes.
  void FillHost(uint64_t leave) {
    UniqueFd fd(open((Host() / "filler").c_str(), O_WRONLY | O_CREAT, 0600));
    const uint64_t free = *SpaceGuard::HostFreeBytes(Host());
    if (free > leave) {
      ASSERT_EQ(posix_fallocate(fd.get(), 0, static_cast<off_t>(free - leave)), 0);
    }
  }
  void EmptyHost() { std::filesystem::remove(Host() / "filler"); }

  Result<> Create(uint64_t ino) {
    FL_TRY(store_->WaitForRoom(AllocationClass::kNewData));
    Transaction transaction;
    transaction.PutInode(FileInode(ino));
    transaction.PutDirent(kRootInode, "file" + std::to_string(ino), InodeId{ino}, 8);
    store_->Apply(std::move(transaction));
    return {};
  }
  Result<> Unlink(uint64_t ino) {
    FL_TRY(store_->WaitForRoom(AllocationClass::kOverwrite));
    Transaction transaction;
    transaction.DeleteInode(InodeId{ino});
    transaction.DeleteDirent(kRootInode, "file" + std::to_string(ino));
    store_->Apply(std::move(transaction));
    return {};
  }
  Result<> WriteSmall(uint64_t ino) {
    FL_TRY(store_->WaitForRoom(AllocationClass::kNewData));
    FL_ASSIGN_OR_RETURN(const uint64_t address,
                        store_->AllocateSmall(8, AllocationClass::kNewData));
    Transaction transaction;
    for (uint64_t i = 0; i < 8; ++i) transaction.PutSmall(address + i, test::FilledBlock('s'));
    transaction.PutChunk(InodeId{ino}, 0, test::ChunkAt({Space::kSmall, address}, 8));
    store_->Apply(std::move(transaction));
    return {};
  }
  // What the host lacks is noticed at a tick, not at once.
  bool Eventually(const std::function<bool()>& condition) {
    const Nanoseconds deadline = MonotonicNow() + 10s;
    while (!condition()) {
      if (MonotonicNow() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  TemporaryDirectory directory_;
  bool mounted_ = false;
  std::unique_ptr<StoreImpl> store_;
};

TEST_F(TinyHost, TheVolumeLeavesRoomForTheDatabase) {
  uint64_t got = 0;
  while (store_->Allocate(64, AllocationClass::kNewData)) got += 64;
  EXPECT_GT(got, 0);
  EXPECT_GT(got * kBlockSize, 32 * kMiB) << "as much as there is beyond that";
  EXPECT_GE(*SpaceGuard::HostFreeBytes(Host()) + kMiB, SpaceLimits::ForHost(96 * kMiB).keep_free);
  EXPECT_TRUE(Create(10)) << "metadata has its room";
  EXPECT_TRUE(store_->Commit());
}

TEST_F(TinyHost, AFullHostRefusesNewDataAndStillUnlinks) {
  for (uint64_t ino = 10; ino < 1010; ++ino) ASSERT_TRUE(Create(ino));
  ASSERT_TRUE(store_->Commit());
  ASSERT_NO_FATAL_FAILURE(FillHost(4096));
  // The next commit needs the reserve.
  ASSERT_TRUE(Unlink(10));
  ASSERT_TRUE(store_->Commit());
  EXPECT_EQ(std::filesystem::file_size(Layout{Store()}.Reserve()), 0);
  EXPECT_EQ(Create(5000).error().code(), ENOSPC);
  EXPECT_EQ(store_->Allocate(1, AllocationClass::kNewData).error().code(), ENOSPC);
  EXPECT_EQ(store_->AllocateSmall(1, AllocationClass::kNewData).error().code(), ENOSPC);
  EXPECT_EQ(store_->Space().free_blocks, 0);
  for (uint64_t ino = 11; ino < 1010; ++ino) {
    ASSERT_TRUE(Unlink(ino));
    if (ino % 100 == 0) {
      ASSERT_TRUE(store_->Commit());
    }
  }
  EXPECT_TRUE(store_->Commit());
  EXPECT_EQ(store_->Commits().error, "");

  EmptyHost();
  EXPECT_TRUE(Eventually([&] { return Create(5000).has_value(); })) << "space is back";
  ASSERT_TRUE(store_->Commit());
  const auto reserve = [&] { return std::filesystem::file_size(Layout{Store()}.Reserve()); };
  EXPECT_TRUE(Eventually([&] { return reserve() > 0; })) << "and the reserve too, after the commit";
}

TEST_F(TinyHost, AFloodOfSmallDataEndsInENOSPC) {
  uint64_t ino = 10;
  Result<> result;
  while ((result = WriteSmall(ino))) ++ino;
  EXPECT_EQ(result.error().code(), ENOSPC) << result.error().ToString();
  ASSERT_TRUE(store_->Commit()) << store_->Commits().error;
  EXPECT_TRUE(Unlink(10));
  EXPECT_TRUE(store_->Commit());
  store_.reset();
  OpenStore();
  EXPECT_TRUE(Unlink(11));
  EXPECT_TRUE(store_->Commit());
}

TEST_F(TinyHost, WhatDoesNotFitEvenIntoTheReserveIsNotAdmitted) {
  const SpaceLimits limits = SpaceLimits::ForHost(96 * kMiB);
  const auto ballast = Host() / "ballast";
  ASSERT_TRUE(SpaceGuard::CreateBallast(ballast, limits.ballast));
  auto guard = SpaceGuard::Open(ballast, limits);
  ASSERT_TRUE(guard);
  EXPECT_TRUE((*guard)->Admit(kMiB, 0));
  EXPECT_EQ(std::filesystem::file_size(ballast), limits.ballast);
  auto refused = (*guard)->Admit(100 * kMiB, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ENOSPC);
  EXPECT_EQ(std::filesystem::file_size(ballast), 0) << "it was tried";
}

TEST(SpaceLimits, FollowTheSizeOfTheHost) {
  EXPECT_EQ(SpaceLimits::ForHost(uint64_t{1} << 40).ballast, 64 * kMiB);
  EXPECT_EQ(SpaceLimits::ForHost(uint64_t{1} << 40).soft_pending, 32 * kMiB);
  EXPECT_EQ(SpaceLimits::ForHost(uint64_t{1} << 40).hard_pending, 96 * kMiB);
  EXPECT_EQ(SpaceLimits::ForHost(kMiB).ballast, 4 * kMiB);
}

TEST(SpaceGuard, MkfsSaysWhenTheHostIsTooSmall) {
  TemporaryDirectory directory;
  if (mount("tmpfs", directory.Path().c_str(), "tmpfs", 0, "size=8m") != 0)
    GTEST_SKIP() << "cannot mount a tmpfs here";
  auto made = Format(directory.Path() / "store", {});
  EXPECT_FALSE(made);
  if (!made) {
    EXPECT_EQ(made.error().code(), ENOSPC);
    EXPECT_NE(made.error().message().find("takes at least"), std::string::npos);
  }
  EXPECT_EQ(umount(directory.Path().c_str()), 0);
}

}  // namespace
}  // namespace faultline::store
