// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fs/extent_update.h"
#include "fs/inode_table.h"
#include "support/kernel_mount.h"
#include "support/mounted_filesystem.h"

// Writers, killers, the mover and the collector against one another, without a kernel cache.
namespace faultline::test {
namespace {

using store::MemoryStore;

constexpr ByteRange Page(uint64_t index) { return {index * kBlockSize, (index + 1) * kBlockSize}; }
std::string Block(char fill) { return std::string(kBlockSize, fill); }

class PublishRaces : public ::testing::Test {
 protected:
  void SetUp() override { ino_ = m_.MakeFile("file"); }
  void TearDown() override {
    test_point::Reset();
    EXPECT_EQ(m_.store().LeakedBlocks(), 0u);
  }
  // One block at a time: they gather as small blocks.
  void WriteSmallBlocks(uint64_t count) {
    for (uint64_t block = 0; block < count; ++block)
      ASSERT_EQ(m_.Write(ino_, block * kBlockSize, Block('o')), 0);
    ASSERT_EQ(m_.store().LiveSmallBlocks(), count);
  }

  MountedFilesystem m_;
  InodeId ino_{};
};

TEST_F(PublishRaces, WritersOfOneChunkKeepEachOther) {
  ASSERT_EQ(m_.Write(ino_, 0, std::string(4 * kBlockSize, 'o')), 0);
  HeldAt first("fs.publish.built", [&] { return m_.Write(ino_, 0, Block('a')); });
  ASSERT_EQ(m_.Write(ino_, kBlockSize, Block('b')), 0);
  ASSERT_EQ(first.Join(), 0);
  EXPECT_EQ(m_.ReadAll(ino_), Block('a') + Block('b') + Block('o') + Block('o'));
}

TEST_F(PublishRaces, LateWriteLeavesWhatAYoungerOneWrote) {
  const fs::Request older{.unique = 10, .horizon = 10};
  const fs::Request younger{.unique = 12, .horizon = 10};
  ASSERT_EQ(m_.Write(ino_, 0, std::string(100, 'o')), 0);
  ASSERT_EQ(m_.Write(ino_, 20, std::string(10, 'y'), fs::WriteKind::kWriteback, younger), 0);
  ASSERT_EQ(m_.Write(ino_, 0, std::string(100, 'l'), fs::WriteKind::kBuffered, older), 0);
  EXPECT_EQ(m_.ReadAll(ino_), std::string(20, 'l') + std::string(10, 'y') + std::string(70, 'l'));
}

// Younger writeback beyond the end of the file was cut off: it wrote nothing there.
TEST_F(PublishRaces, LateWriteYieldsOnlyToWhatWasWritten) {
  const fs::Request older{.unique = 10, .horizon = 10};
  const fs::Request younger{.unique = 12, .horizon = 10};
  ASSERT_EQ(m_.Write(ino_, 0, std::string(40, 'o')), 0);
  ASSERT_EQ(m_.Write(ino_, 0, std::string(100, 'y'), fs::WriteKind::kWriteback, younger), 0);
  ASSERT_EQ(m_.Write(ino_, 0, std::string(100, 'l'), fs::WriteKind::kBuffered, older), 0);
  EXPECT_EQ(m_.ReadAll(ino_), std::string(40, 'y') + std::string(60, 'l'));
}

TEST_F(PublishRaces, WritebackIsCutOffAtASizeThatTruncateSet) {
  ASSERT_EQ(m_.Write(ino_, 0, Block('o')), 0);
  ASSERT_EQ(m_.Truncate(ino_, 100), 0);
  ASSERT_EQ(m_.Write(ino_, 0, Block('w'), fs::WriteKind::kWriteback), 0);
  EXPECT_EQ(m_.Stat(ino_).size, 100u);
  ASSERT_EQ(m_.Truncate(ino_, kBlockSize), 0);
  EXPECT_EQ(m_.ReadAll(ino_), std::string(100, 'w') + std::string(kBlockSize - 100, '\0'));
}

TEST_F(PublishRaces, TruncateWaitsForAWriteThatWasMeasuredAgainstTheOldSize) {
  ASSERT_EQ(m_.Write(ino_, 0, Block('o')), 0);
  HeldAt write("fs.write.placed",
               [&] { return m_.Write(ino_, 0, Block('w'), fs::WriteKind::kWriteback); });
  test_point::Arm("fs.truncate.published", test_point::Action::Delay(std::chrono::microseconds(0)));
  auto truncate = std::async(std::launch::async, [&] { return m_.Truncate(ino_, 100); });
  EXPECT_FALSE(
      test_point::WaitUntilHit("fs.truncate.published", 1, std::chrono::milliseconds(200)));
  ASSERT_EQ(write.Join(), 0);
  ASSERT_EQ(truncate.get(), 0);
  ASSERT_EQ(m_.Truncate(ino_, kBlockSize), 0);
  EXPECT_EQ(m_.ReadAll(ino_), std::string(100, 'w') + std::string(kBlockSize - 100, '\0'));
}

TEST_F(PublishRaces, MasksOfTwoKillersHoldUntilBothAreThrough) {
  ASSERT_EQ(m_.Write(ino_, 0, std::string(3 * kBlockSize, 'o')), 0);  // the kernel has its pages
  m_.kernel().Hold();
  auto first = std::async(std::launch::async, [&] { return m_.Punch(ino_, {0, 8192}); });
  auto second = std::async(std::launch::async, [&] { return m_.Punch(ino_, {4096, 12288}); });
  ASSERT_TRUE(m_.kernel().AwaitHeld(2));
  const std::string old(3 * kBlockSize, 'o');
  ASSERT_EQ(m_.Write(ino_, 0, old, fs::WriteKind::kWriteback), 0);
  EXPECT_EQ(m_.ReadAll(ino_), std::string(3 * kBlockSize, '\0'));
  ASSERT_TRUE(m_.kernel().FinishOne());
  ASSERT_EQ(m_.Write(ino_, kBlockSize, Block('o'), fs::WriteKind::kWriteback), 0);
  EXPECT_EQ(m_.Read(ino_, Page(1)), Block('\0')) << "the other mask still covers it";
  ASSERT_TRUE(m_.kernel().FinishOne());
  EXPECT_EQ(first.get() + second.get(), 0);
  ASSERT_EQ(m_.Write(ino_, kBlockSize, Block('n'), fs::WriteKind::kWriteback), 0);
  EXPECT_EQ(m_.Read(ino_, Page(1)), Block('n'));
}

// write(2) fills the page before it is sent: the page is new, whatever masks are over it.
TEST_F(PublishRaces, BufferedWriteOfAWholePageRegrantsIt) {
  ASSERT_EQ(m_.Write(ino_, 0, Block('o')), 0);
  m_.kernel().Hold();
  auto punch = std::async(std::launch::async, [&] { return m_.Punch(ino_, Page(0)); });
  ASSERT_TRUE(m_.kernel().AwaitHeld(1));
  ASSERT_EQ(m_.Write(ino_, 0, Block('n')), 0);
  ASSERT_EQ(m_.Write(ino_, 0, Block('s'), fs::WriteKind::kWriteback), 0);
  EXPECT_EQ(m_.ReadAll(ino_), Block('s'));
  ASSERT_TRUE(m_.kernel().FinishOne());
  EXPECT_EQ(punch.get(), 0);
}

TEST_F(PublishRaces, WriterComingBehindTheMoverWins) {
  WriteSmallBlocks(16);
  HeldAt mover("fs.mover.placed", [&] { return m_.store().Commit().has_value(); });
  auto writer =
      std::async(std::launch::async, [&] { return m_.Write(ino_, 8 * kBlockSize, "new"); });
  // Without the range lock it would be through by now.
  (void)writer.wait_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(mover.Join());
  ASSERT_EQ(writer.get(), 0);
  EXPECT_EQ(m_.Read(ino_, {8 * kBlockSize, 8 * kBlockSize + 4}), "newo");
}

TEST_F(PublishRaces, TruncateComingBehindTheMoverWins) {
  WriteSmallBlocks(16);
  HeldAt mover("fs.mover.placed", [&] { return m_.store().Commit().has_value(); });
  auto truncate = std::async(std::launch::async, [&] { return m_.Truncate(ino_, 0); });
  (void)truncate.wait_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(mover.Join());
  ASSERT_EQ(truncate.get(), 0);
  EXPECT_EQ(m_.Stat(ino_).blocks, 0u);
  EXPECT_EQ(m_.MappedBlocks(ino_), 0u);
  ASSERT_EQ(m_.Truncate(ino_, 16 * kBlockSize), 0);
  EXPECT_EQ(m_.ReadAll(ino_), std::string(16 * kBlockSize, '\0'));
}

TEST_F(PublishRaces, CollectorComingBehindTheMoverLeavesNothing) {
  WriteSmallBlocks(16);
  HeldAt mover("fs.mover.placed", [&] { return m_.store().Commit().has_value(); });
  ASSERT_EQ(ErrnoOf(m_->Unlink(kRootInode, "file")), 0);
  // Without the range lock the collector would see an empty file here, and delete the inode after
  // the mover has put blocks into it.
  test_point::Arm("fs.orphan.step", test_point::Action::Block().AtHit(2));
  m_->Forget(ino_, 1);
  EXPECT_FALSE(test_point::WaitUntilHit("fs.orphan.step", 2, std::chrono::milliseconds(100)));
  EXPECT_TRUE(mover.Join());
  test_point::Release("fs.orphan.step");
  ASSERT_EQ(ErrnoOf(m_->Shutdown()), 0);
  EXPECT_EQ(m_.MappedBlocks(ino_), 0u);
  EXPECT_EQ(m_.store().LiveSmallBlocks(), 0u);
  EXPECT_FALSE((*m_.store().GetInode(ino_)).has_value());
}

// A loader, a publish behind its back, and a cache that is over its budget and starts over.
TEST_F(PublishRaces, LoaderDoesNotBringBackWhatWasPublishedMeanwhile) {
  MemoryStore store;
  fs::ChunkBudget budget(0);
  auto record = *store.GetInode(kRootInode);
  ASSERT_TRUE(record);
  record->mode = S_IFREG | 0644;
  fs::Inode inode(*record, budget, 0);
  auto map = [&](uint64_t block, uint64_t at) {
    fs::ExtentUpdate update;
    update.MapUnwritten(block, 1, {store::Space::kUnwritten, at});
    ASSERT_TRUE(fs::Publish(store, inode, update, *fs::TakeView(store, inode, Page(block)),
                            Page(block), {}, {}));
  };
  auto extents = store.Allocate(301, store::AllocationClass::kInternal);
  ASSERT_TRUE(extents);
  ASSERT_EQ(extents->size(), 1u);
  const uint64_t at = extents->front().start.block;
  for (uint64_t chunk = 0; chunk < 300; ++chunk) map(chunk * store::kChunkBlocks, at + chunk);
  std::vector<store::ChunkPtr> chunks;
  for (uint64_t chunk = 0; chunk < 300; ++chunk) chunks.push_back(*store.GetChunk(inode.id, chunk));
  {
    lock::ExclusiveLock lock(inode.mapping);
    inode.extents.Drop();
    for (uint64_t chunk = 1; chunk < 299; ++chunk) inode.extents.InsertLoaded(chunk, chunks[chunk]);
  }
  HeldAt loader("fs.view.loaded", [&] { return *fs::TakeView(store, inode, Page(0)); });
  {
    // As Publish would, but without a look at the budget.
    lock::ExclusiveLock lock(inode.mapping);
    store::ChunkEdit edit(chunks[0]);
    edit.Map(1, 1, {store::Space::kUnwritten, at + 300}, {}, 1);
    const store::ChunkPtr next = edit.Finish();
    store::Transaction transaction;
    transaction.PutChunk(inode.id, 0, next);
    inode.extents.Publish(0, next);
    store.Apply(std::move(transaction));
  }
  const fs::FileView view = loader.Join();
  ASSERT_TRUE(view.Find(0));
  EXPECT_EQ(view.Find(0)->AllocatedBlocks(), 2u) << "the chunk from before the publish";
  EXPECT_EQ(fs::TakeView(store, inode, Page(0))->Find(0)->AllocatedBlocks(), 2u);
}

// Between the last use of an inode and its removal from the table, somebody has read its record.
TEST_F(PublishRaces, InodeIsLoadedAsItsLastUserLeftIt) {
  MemoryStore store;
  fs::ChunkBudget budget(100);
  fs::InodeTable table(store, budget);
  HeldAt loader("fs.inode.loaded", [&] { return *table.Get(kRootInode); });
  {
    const fs::InodePtr inode = *table.Get(kRootInode);
    lock::ExclusiveLock lock(inode->mapping);
    inode->record.uid = 77;
    store::Transaction transaction;
    transaction.PutInode(inode->record);
    store.Apply(std::move(transaction));
  }
  const fs::InodePtr inode = loader.Join();
  lock::SharedLock lock(inode->mapping);
  EXPECT_EQ(inode->record.uid, 77u);
}

}  // namespace
}  // namespace faultline::test
