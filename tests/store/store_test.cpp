// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <cerrno>
#include <future>
#include <thread>

#include "base/test_point.h"
#include "support/store_directory.h"

// What a store promises of lookups, lists and data, wherever a record is at the moment: in the open
// group, in the committing one, or in RocksDB.
namespace faultline::store {
namespace {

using namespace std::chrono_literals;
using test::ChunkAt;
using test::FileInode;
using test::FilledBlock;
using test::FilledBlocks;
using test::StoreDirectory;
using test_point::Action;
using test_point::ScopedArm;

constexpr InodeId kDir{77};
constexpr BlockAddress kSomewhere{Space::kVolume, 9};

Transaction Put(const InodeRecord& inode) {
  Transaction transaction;
  transaction.PutInode(inode);
  return transaction;
}

Transaction PutNames(std::initializer_list<std::string_view> names) {
  Transaction transaction;
  for (std::string_view name : names) transaction.PutDirent(kDir, name, InodeId{5}, 8);
  return transaction;
}

Transaction DeleteNames(std::initializer_list<std::string_view> names) {
  Transaction transaction;
  for (std::string_view name : names) transaction.DeleteDirent(kDir, name);
  return transaction;
}

std::set<std::string> Names(Store& store, size_t batch = 1000) {
  std::set<std::string> names;
  uint64_t after = 0;
  while (true) {
    auto entries = store.ListDirents(kDir, after, batch);
    EXPECT_TRUE(entries) << entries.error().ToString();
    if (!entries || entries->empty()) return names;
    for (const Dirent& entry : *entries) {
      EXPECT_GT(entry.cookie, after);
      EXPECT_TRUE(names.insert(entry.name).second) << entry.name << " is listed twice";
      after = entry.cookie;
    }
  }
}

class StoreTest : public testing::Test {
 protected:
  ~StoreTest() override { test_point::Reset(); }

  uint64_t SizeOf(uint64_t ino) {
    auto inode = store_->GetInode(InodeId{ino});
    EXPECT_TRUE(inode) << inode.error().ToString();
    return inode && *inode ? (*inode)->size : 0;
  }
  void Commit() {
    auto result = store_->Commit();
    ASSERT_TRUE(result) << result.error().ToString();
  }
  void Reopen() {
    store_.reset();
    store_ = directory_.Open();
    ASSERT_NE(store_, nullptr);
  }

  StoreDirectory directory_;
  std::unique_ptr<StoreImpl> store_ = directory_.Open();
};

TEST_F(StoreTest, HasARootDirectoryWhenItIsNew) {
  auto root = store_->GetInode(kRootInode);
  ASSERT_TRUE(root && *root);
  EXPECT_EQ((*root)->mode, 040755);
  EXPECT_EQ((*root)->nlink, 2);
  EXPECT_EQ(store_->Super().label, "test");
  EXPECT_EQ(store_->Super().volume_blocks, (64 << 20) / kBlockSize);
}

TEST_F(StoreTest, SaysNothingOfWhatIsNotThere) {
  EXPECT_EQ(store_->GetInode(InodeId{999}), std::nullopt);
  EXPECT_EQ(store_->GetDirent(kDir, "x"), std::nullopt);
  EXPECT_EQ(store_->GetChunk(InodeId{999}, 0), nullptr);
  EXPECT_EQ(store_->ReadSmall(12345), nullptr);
}

TEST_F(StoreTest, SeesTheYoungestVersionInEveryPlace) {
  store_->Apply(Put(FileInode(10, 1)));
  EXPECT_EQ(SizeOf(10), 1) << "open";
  Commit();
  EXPECT_EQ(SizeOf(10), 1) << "durable";
  store_->Apply(Put(FileInode(10, 2)));
  EXPECT_EQ(SizeOf(10), 2) << "open over durable";

  ScopedArm hold("store.commit.closed", Action::Block());
  auto commit = std::async(std::launch::async, [&] { return store_->Commit(); });
  ASSERT_TRUE(test_point::WaitUntilHit("store.commit.closed"));
  EXPECT_EQ(SizeOf(10), 2) << "committing over durable";
  store_->Apply(Put(FileInode(10, 3)));
  EXPECT_EQ(SizeOf(10), 3) << "open over committing over durable";
  Transaction gone;
  gone.DeleteInode(InodeId{10});
  store_->Apply(std::move(gone));
  EXPECT_EQ(store_->GetInode(InodeId{10}), std::nullopt) << "a deletion hides the older ones";

  test_point::Release("store.commit.closed");
  ASSERT_EQ(commit.wait_for(10s), std::future_status::ready);
  EXPECT_TRUE(commit.get());
  EXPECT_EQ(store_->GetInode(InodeId{10}), std::nullopt);
  Commit();
  Reopen();
  EXPECT_EQ(store_->GetInode(InodeId{10}), std::nullopt);
}

TEST_F(StoreTest, FindsSeveralInodesInTheOrderAsked) {
  store_->Apply(Put(FileInode(10, 1)));
  Commit();
  store_->Apply(Put(FileInode(11, 2)));
  const std::vector<InodeId> inos = {InodeId{11}, InodeId{12}, InodeId{10}};
  auto found = store_->GetInodes(inos);
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[0]->size, 2);
  EXPECT_EQ((*found)[1], std::nullopt);
  EXPECT_EQ((*found)[2]->size, 1);
}

TEST_F(StoreTest, ListsMergeAllPlaces) {
  store_->Apply(PutNames({"a", "b", "c", "d"}));
  Commit();
  ScopedArm hold("store.commit.closed", Action::Block());
  store_->Apply(PutNames({"e", "f"}));
  store_->Apply(DeleteNames({"a"}));
  auto commit = std::async(std::launch::async, [&] { return store_->Commit(); });
  ASSERT_TRUE(test_point::WaitUntilHit("store.commit.closed"));
  store_->Apply(PutNames({"g", "a"}));
  store_->Apply(DeleteNames({"b", "e"}));
  const std::set<std::string> expected = {"a", "c", "d", "f", "g"};
  EXPECT_EQ(Names(*store_), expected);
  EXPECT_EQ(Names(*store_, 1), expected) << "one at a time";
  test_point::Release("store.commit.closed");
  ASSERT_EQ(commit.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(Names(*store_), expected);
  Commit();
  Reopen();
  EXPECT_EQ(Names(*store_, 2), expected);
}

TEST_F(StoreTest, AListLosesNothingToACommitInItsMiddle) {
  store_->Apply(PutNames({"a", "b"}));
  test_point::Arm("store.list.before_cursor",
                  Action::Call([&] { EXPECT_TRUE(store_->Commit()); }).Once());
  EXPECT_EQ(Names(*store_), (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(test_point::Hits("store.list.before_cursor"), 2);
}

TEST_F(StoreTest, ALookupLosesNothingToACommitInItsMiddle) {
  // Pending says nothing of it, RocksDB is asked next: a commit in between changes no answer.
  store_->Apply(Put(FileInode(10, 1)));
  Commit();
  test_point::Arm("store.lookup.before_database", Action::Call([&] {
                                                    store_->Apply(Put(FileInode(10, 2)));
                                                    EXPECT_TRUE(store_->Commit());
                                                  }).Once());
  EXPECT_EQ(SizeOf(10), 2);
}

TEST_F(StoreTest, ListsOfManyDeletedNamesGoOnBehindThem) {
  for (int i = 0; i < 1000; ++i) store_->Apply(PutNames({std::to_string(i)}));
  Commit();
  for (int i = 0; i < 999; ++i) store_->Apply(DeleteNames({std::to_string(i)}));
  EXPECT_EQ(Names(*store_, 1), std::set<std::string>{"999"});
}

TEST_F(StoreTest, ListsOneDirectoryOnly) {
  Transaction transaction;
  transaction.PutDirent(InodeId{76}, "before", InodeId{5}, 8);
  transaction.PutDirent(InodeId{78}, "behind", InodeId{5}, 8);
  store_->Apply(std::move(transaction));
  store_->Apply(PutNames({"in"}));
  EXPECT_EQ(Names(*store_), std::set<std::string>{"in"});
  Commit();
  EXPECT_EQ(Names(*store_), std::set<std::string>{"in"});
}

TEST_F(StoreTest, ListsChunksAcrossHoles) {
  Transaction transaction;
  for (uint64_t index : {0, 5, 9}) transaction.PutChunk(InodeId{10}, index, ChunkAt(kSomewhere, 1));
  transaction.PutChunk(InodeId{11}, 1, ChunkAt(kSomewhere, 1));
  store_->Apply(std::move(transaction));
  Commit();
  Transaction change;
  change.PutChunk(InodeId{10}, 5, nullptr);
  change.PutChunk(InodeId{10}, 7, ChunkAt(kSomewhere, 2));
  store_->Apply(std::move(change));
  auto chunks = store_->ListChunks(InodeId{10}, 1, 10);
  ASSERT_TRUE(chunks);
  ASSERT_EQ(chunks->size(), 2);
  EXPECT_EQ((*chunks)[0].first, 7);
  EXPECT_EQ((*chunks)[0].second->AllocatedBlocks(), 2);
  EXPECT_EQ((*chunks)[1].first, 9);
  Transaction clean;  // the made-up block would not survive a reopen
  for (uint64_t index : {0, 7, 9}) clean.PutChunk(InodeId{10}, index, nullptr);
  clean.PutChunk(InodeId{11}, 1, nullptr);
  store_->Apply(std::move(clean));
}

TEST_F(StoreTest, OrphansComeAndGo) {
  Transaction add;
  add.AddOrphan(InodeId{10});
  add.AddOrphan(InodeId{11});
  store_->Apply(std::move(add));
  Commit();
  Transaction change;
  change.RemoveOrphan(InodeId{10});
  change.AddOrphan(InodeId{9});
  store_->Apply(std::move(change));
  const std::vector<InodeId> expected = {InodeId{9}, InodeId{11}};
  EXPECT_EQ(store_->ListOrphans(), expected);
  Reopen();
  EXPECT_EQ(store_->ListOrphans(), expected) << "closing commits";
}

TEST_F(StoreTest, ASmallBlockThatIsFreedInItsGroupNeverReachesTheDatabase) {
  const uint64_t kept = *store_->AllocateSmall(1, AllocationClass::kNewData);
  const uint64_t forgotten = *store_->AllocateSmall(1, AllocationClass::kNewData);
  Transaction put;
  put.PutSmall(kept, FilledBlock('k'));
  put.PutSmall(forgotten, FilledBlock('f'));
  store_->Apply(std::move(put));
  ASSERT_TRUE(*store_->ReadSmall(forgotten));
  Transaction free;
  free.Free(std::vector{Extent{{Space::kSmall, forgotten}, 1}});
  store_->Apply(std::move(free));
  EXPECT_EQ(*store_->ReadSmall(forgotten), nullptr);
  EXPECT_EQ(store_->Space().small_bytes, kBlockSize);
  Commit();
  EXPECT_EQ(*store_->ReadSmall(forgotten), nullptr);
  auto block = store_->ReadSmall(kept);
  ASSERT_TRUE(block && *block);
  EXPECT_EQ((*block)->Bytes()[100], std::byte{'k'});
}

TEST_F(StoreTest, ASmallBlockOfAnEarlierGroupGoesWithTheGroupThatFreesIt) {
  const uint64_t address = *store_->AllocateSmall(3, AllocationClass::kNewData);
  Transaction put;
  for (uint64_t i = 0; i < 3; ++i) put.PutSmall(address + i, FilledBlock('x'));
  store_->Apply(std::move(put));
  Commit();
  Transaction free;
  free.Free(std::vector{Extent{{Space::kSmall, address}, 2}});
  store_->Apply(std::move(free));
  Commit();
  EXPECT_EQ(*store_->ReadSmall(address), nullptr);
  EXPECT_EQ(*store_->ReadSmall(address + 1), nullptr);
  EXPECT_NE(*store_->ReadSmall(address + 2), nullptr);
}

TEST_F(StoreTest, ReadsBackWhatWasWrittenToTheVolume) {
  auto extents = store_->Allocate(8, AllocationClass::kNewData);
  ASSERT_TRUE(extents);
  ASSERT_EQ(extents->size(), 1);
  const uint64_t block = extents->front().start.block;
  ASSERT_TRUE(store_->WriteVolume(block, FilledBlocks(8, 'v').Bytes()));
  Transaction transaction;
  transaction.PutChunk(InodeId{10}, 0, ChunkAt(extents->front().start, 8));
  store_->Apply(std::move(transaction));
  Reopen();
  BlockBuffer read(8);
  ASSERT_TRUE(store_->ReadVolume(block, read.Bytes()));
  EXPECT_EQ(read.Block(7)[4095], std::byte{'v'});
  auto others = store_->Allocate(1000, AllocationClass::kNewData);
  ASSERT_TRUE(others);
  for (const Extent& extent : *others)
    EXPECT_TRUE(extent.start.block >= block + 8 || extent.start.block + extent.count <= block)
        << "what a record names is not free";
}

TEST_F(StoreTest, BlocksOutsideOfTheVolumeAreAnError) {
  BlockBuffer buffer(2);
  EXPECT_EQ(store_->ReadVolume(0, buffer.Bytes()).error().code(), EIO) << "the header";
  EXPECT_EQ(store_->ReadVolume(uint64_t{1} << 40, buffer.Bytes()).error().code(), EIO);
  EXPECT_EQ(store_->ReadVolume(UINT64_MAX, buffer.Bytes()).error().code(), EIO);
}

TEST_F(StoreTest, NumbersAreNotUsedTwice) {
  const InodeId first = store_->AllocateInode();
  const uint64_t small = *store_->AllocateSmall(10, AllocationClass::kNewData);
  store_->Apply(Put(FileInode(Raw(first))));
  Reopen();
  EXPECT_GT(store_->AllocateInode(), first);
  EXPECT_GE(*store_->AllocateSmall(1, AllocationClass::kNewData), small + 10);
}

TEST_F(StoreTest, SmallDataCountsAgainstTheVolumeAlsoAfterReopening) {
  const uint64_t address = *store_->AllocateSmall(5, AllocationClass::kNewData);
  Transaction put;
  for (uint64_t i = 0; i < 5; ++i) put.PutSmall(address + i, FilledBlock('x'));
  put.PutChunk(InodeId{10}, 0, ChunkAt({Space::kSmall, address}, 5));
  store_->Apply(std::move(put));
  EXPECT_EQ(store_->Space().small_bytes, 5 * kBlockSize);
  Reopen();
  EXPECT_EQ(store_->Space().small_bytes, 5 * kBlockSize);
}

TEST_F(StoreTest, AFullVolumeCanStillBeOverwritten) {
  uint64_t got = 0;
  while (store_->Allocate(16, AllocationClass::kNewData)) got += 16;
  const SpaceUsage space = store_->Space();
  EXPECT_GE(got + space.reserve_blocks + 16, space.total_blocks - 1);
  EXPECT_FALSE(store_->AllocateSmall(16, AllocationClass::kNewData));
  EXPECT_TRUE(store_->Allocate(space.reserve_blocks, AllocationClass::kOverwrite));
}

TEST_F(StoreTest, RecordsOfTwoOwnersAreRefusedForWriting) {
  auto extents = store_->Allocate(1, AllocationClass::kNewData);
  ASSERT_TRUE(extents);
  Transaction transaction;
  for (uint64_t index : {0, 1})
    transaction.PutChunk(InodeId{10}, index, ChunkAt(extents->front().start, 1));
  store_->Apply(std::move(transaction));
  store_.reset();
  auto again = StoreImpl::Open(directory_.Path(), directory_.options, directory_.seams);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), EUCLEAN);
  EXPECT_NE(again.error().message().find("two owners"), std::string::npos)
      << again.error().message();
  directory_.options.read_only = true;
  EXPECT_NE(directory_.Open(), nullptr) << "what can still be read shall be";
}

}  // namespace
}  // namespace faultline::store
