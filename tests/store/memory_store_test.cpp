// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/memory_store.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "support/other_reader.h"
#include "support/store_directory.h"

namespace faultline::store {
namespace {

using test::FileInode;
using Call = MemoryStore::Call;

MemoryStore::Options Manual() {
  MemoryStore::Options options;
  options.manual_commit = true;
  return options;
}

TxgId Put(Store& store, uint64_t ino) {
  Transaction transaction;
  transaction.PutInode(FileInode(ino));
  return store.Apply(std::move(transaction));
}

TEST(MemoryStore, CommitsWhenSomebodyWaitsForIt) {
  MemoryStore store;
  std::optional<Result<>> result;
  store.WhenDurable(Put(store, 10), [&](Result<> r) { result = std::move(r); });
  ASSERT_TRUE(result);
  EXPECT_TRUE(*result);
  EXPECT_EQ(store.Commits().durable, 1);
}

TEST(MemoryStore, CommitsOnlyWhenToldInManualMode) {
  MemoryStore store(Manual());
  std::optional<Result<>> result;
  store.WhenDurable(Put(store, 10), [&](Result<> r) { result = std::move(r); });
  EXPECT_FALSE(result);
  EXPECT_EQ(*store.AfterCrash()->GetInode(InodeId{10}), std::nullopt);
  ASSERT_TRUE(store.Commit());
  EXPECT_TRUE(result && *result);
  EXPECT_NE(*store.AfterCrash()->GetInode(InodeId{10}), std::nullopt);
}

TEST(MemoryStore, AFailedCommitIsFinal) {
  MemoryStore store(Manual());
  std::optional<Result<>> result;
  store.WhenDurable(Put(store, 10), [&](Result<> r) { result = std::move(r); });
  store.FailCalls(Call::kCommit, EIO);
  EXPECT_FALSE(store.Commit());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().code(), EIO);
  EXPECT_FALSE(store.Commit());
  EXPECT_EQ(store.WaitForRoom(AllocationClass::kOverwrite).error().code(), EIO);
  EXPECT_NE(*store.GetInode(InodeId{10}), std::nullopt) << "still readable";
}

TEST(MemoryStore, FailsTheCallsItIsTold) {
  MemoryStore store;
  store.FailCalls(Call::kAllocate, ENOSPC, 1, 2);
  EXPECT_TRUE(store.Allocate(1, AllocationClass::kNewData));
  EXPECT_EQ(store.Allocate(1, AllocationClass::kNewData).error().code(), ENOSPC);
  EXPECT_FALSE(store.Allocate(1, AllocationClass::kNewData));
  EXPECT_TRUE(store.Allocate(1, AllocationClass::kNewData));
}

TEST(MemoryStore, BlocksThatWereNotWrittenOrNotSyncedAreJunk) {
  MemoryStore store(Manual());
  const uint64_t block = store.Allocate(2, AllocationClass::kNewData)->front().start.block;
  BlockBuffer read(1);
  ASSERT_TRUE(store.ReadVolume(block, read.Bytes()));
  EXPECT_EQ(read.Bytes()[0], MemoryStore::kJunk);
  ASSERT_TRUE(store.WriteVolume(block, test::FilledBlocks(1, 'x').Bytes()));
  ASSERT_TRUE(store.AfterCrash()->ReadVolume(block, read.Bytes()));
  EXPECT_EQ(read.Bytes()[0], MemoryStore::kJunk);
  ASSERT_TRUE(store.Commit());
  ASSERT_TRUE(store.AfterCrash()->ReadVolume(block, read.Bytes()));
  EXPECT_EQ(read.Bytes()[0], std::byte{'x'});
}

TEST(MemoryStore, ReclaimsAfterCommitAndReaders) {
  MemoryStore::Options options = Manual();
  options.volume_blocks = 11;
  options.reserve_blocks = 0;
  MemoryStore store(options);
  auto all = store.Allocate(10, AllocationClass::kNewData);
  ASSERT_TRUE(all);
  test::OtherReader reader(store.Readers());
  Transaction transaction;
  transaction.Free(*all);
  store.Apply(std::move(transaction));
  EXPECT_EQ(store.Space().pending_blocks, 10);
  EXPECT_FALSE(store.Allocate(1, AllocationClass::kNewData));
  ASSERT_TRUE(store.Commit());
  EXPECT_FALSE(store.Allocate(1, AllocationClass::kNewData));
  reader.End();
  EXPECT_TRUE(store.WaitForSpace(10));
  EXPECT_TRUE(store.Allocate(10, AllocationClass::kNewData));
}

TEST(MemoryStore, RunsTheHookBeforeItClosesAGroup) {
  MemoryStore store;
  store.SetPreCommit([&] { Put(store, 20); });
  Put(store, 10);
  ASSERT_TRUE(store.Commit());
  EXPECT_NE(*store.AfterCrash()->GetInode(InodeId{20}), std::nullopt);
  store.SetPreCommit({});
}

TEST(MemoryStore, KeepsBitRotApartFromTheCaller) {
  MemoryStore store;
  const uint64_t block = store.Allocate(1, AllocationClass::kNewData)->front().start.block;
  ASSERT_TRUE(store.WriteVolume(block, test::FilledBlocks(1, 'x').Bytes()));
  store.FlipVolumeByte(block, 7);
  BlockBuffer read(1);
  ASSERT_TRUE(store.ReadVolume(block, read.Bytes()));
  EXPECT_EQ(read.Bytes()[7], std::byte{'x'} ^ std::byte{0x40});
}

}  // namespace
}  // namespace faultline::store
