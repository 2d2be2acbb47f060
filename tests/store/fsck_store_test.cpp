// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>

#include "base/crc32c.h"
#include "base/unique_fd.h"
#include "store/fsck.h"
#include "store/keys.h"
#include "store/layout.h"
#include "support/store_directory.h"

// fsck on real stores: RocksDB, a volume, the lock, the header.
namespace faultline::store {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr InodeId kFile{50};
constexpr uint64_t kFileBlocks = 10;  // the last one is small

class FsckStoreTest : public ::testing::Test {
 protected:
  FsckStoreTest() {
    auto store = directory_.Open();
    Transaction transaction;
    InodeRecord inode = test::FileInode(Raw(kFile), kFileBlocks * kBlockSize);
    inode.blocks = kFileBlocks;
    while (store->AllocateInode() < kFile) {
    }
    transaction.PutInode(inode);
    transaction.PutDirent(kRootInode, "file", kFile, DT_REG);
    transaction.PutChunk(kFile, 0, WriteBlocks(*store, transaction));
    store->Apply(std::move(transaction));
    EXPECT_TRUE(store->Commit());
  }

  ChunkPtr WriteBlocks(Store& store, Transaction& transaction) {
    ChunkEdit edit(nullptr);
    const auto extents = store.Allocate(kFileBlocks - 1, AllocationClass::kNewData);
    EXPECT_TRUE(extents && extents->size() == 1);
    volume_block_ = extents->front().start.block;
    const BlockBuffer content = test::FilledBlocks(kFileBlocks - 1, 7);
    EXPECT_TRUE(store.WriteVolume(volume_block_, content.Bytes()));
    const std::vector<uint32_t> crcs(kFileBlocks - 1, Crc32c(content.Block(0)));
    edit.Map(0, kFileBlocks - 1, extents->front().start, crcs, store.OpenTxg());
    const uint64_t small = *store.AllocateSmall(1, AllocationClass::kNewData);
    const BlockPtr data = test::FilledBlock(9);
    const uint32_t crc = Crc32c(data->Bytes());
    edit.Map(kFileBlocks - 1, 1, {Space::kSmall, small}, std::span(&crc, 1), store.OpenTxg());
    transaction.PutSmall(small, data);
    return edit.Finish();
  }

  FsckReport Check(FsckMode mode) {
    FsckOptions options;
    options.mode = mode;
    options.data = true;
    auto report = CheckStore(directory_.Path(), options);
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? *report : FsckReport();
  }

  std::vector<std::string> Codes(FsckMode mode) {
    std::vector<std::string> codes;
    for (const Problem& problem : Check(mode).problems) codes.push_back(problem.code);
    return codes;
  }

  void ExpectRepairOf(const std::string& code) {
    EXPECT_THAT(Codes(FsckMode::kCheck), Contains(code));
    EXPECT_THAT(Codes(FsckMode::kRepair), Contains(code));
    EXPECT_THAT(Codes(FsckMode::kCheck), IsEmpty());
    EXPECT_NE(directory_.Open(), nullptr);
  }

  void WriteRecord(Family family, std::string_view key, std::string_view value) {
    auto database = Database::Open(Layout{directory_.Path()}.Meta(), {});
    ASSERT_TRUE(database) << database.error().ToString();
    WriteBatch batch(**database);
    batch.Put(family, key, value);
    ASSERT_TRUE((*database)->Write(batch));
  }

  void OverwriteVolume(uint64_t offset, std::string_view bytes) {
    UniqueFd fd(open(Layout{directory_.Path()}.Volume().c_str(), O_WRONLY));
    ASSERT_EQ(pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)),
              static_cast<ssize_t>(bytes.size()));
  }

  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.Path())) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[entry.path()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    return files;
  }

  test::StoreDirectory directory_;
  uint64_t volume_block_ = 0;
};

TEST_F(FsckStoreTest, StoreThatWasWrittenIsClean) {
  const FsckReport report = Check(FsckMode::kCheck);
  EXPECT_TRUE(report.Clean());
  EXPECT_EQ(report.inodes, 2u);
  EXPECT_EQ(report.volume_blocks, kFileBlocks - 1);
  EXPECT_EQ(report.small_blocks, 1u);
}

TEST_F(FsckStoreTest, CheckingChangesNoByte) {
  WriteRecord(Family::kInodes, keys::Inode(kFile), "damaged");
  const auto before = Files();
  EXPECT_FALSE(Check(FsckMode::kCheck).Clean());
  EXPECT_EQ(Files() == before, true);
}

TEST_F(FsckStoreTest, PreeningDamageChangesNoRecord) {
  WriteRecord(Family::kInodes, keys::Inode(kFile), "damaged");
  const FsckReport report = Check(FsckMode::kPreen);
  EXPECT_FALSE(report.repaired);
  EXPECT_FALSE(Check(FsckMode::kCheck).Clean());
}

TEST_F(FsckStoreTest, DamagedInodeIsMadeAgainAroundItsData) {
  WriteRecord(Family::kInodes, keys::Inode(kFile), "damaged");
  ExpectRepairOf("inode-missing");
  auto store = directory_.Open();
  const auto inode = store->GetInode(kFile);
  ASSERT_TRUE(inode && *inode);
  EXPECT_EQ((*inode)->size, kFileBlocks * kBlockSize);
  EXPECT_EQ((*inode)->nlink, 1u);
}

TEST_F(FsckStoreTest, StoreThatDoesNotMountIsRepaired) {
  WriteRecord(Family::kExtents, keys::Chunk(kFile, 1), "damaged");
  auto refused = StoreImpl::Open(directory_.Path(), directory_.options, directory_.seams);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("fsck"));
  ExpectRepairOf("extent-undecodable");
}

TEST_F(FsckStoreTest, DamagedBlockOfTheVolumeIsFound) {
  OverwriteVolume(volume_block_ * kBlockSize + 100, "x");
  ExpectRepairOf("data-checksum");
}

TEST_F(FsckStoreTest, VolumeCutShortIsFound) {
  std::filesystem::resize_file(Layout{directory_.Path()}.Volume(), 2 * kBlockSize);
  ExpectRepairOf("extent-outside");
}

TEST_F(FsckStoreTest, HeaderOfTheVolumeIsMadeAgain) {
  OverwriteVolume(3, "?");
  ExpectRepairOf("volume-header");
}

TEST_F(FsckStoreTest, SuperblockIsMadeAgain) {
  WriteRecord(Family::kDefault, keys::kSuperblock, "damaged");
  ExpectRepairOf("superblock-damaged");
  const auto found = directory_.Open()->GetDirent(kRootInode, "file");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->ino, kFile);
}

TEST_F(FsckStoreTest, OpenStoreIsBusy) {
  const auto store = directory_.Open();
  FsckOptions options;
  const auto report = CheckStore(directory_.Path(), options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), EBUSY);
  EXPECT_THAT(report.error().message(), HasSubstr("a test"));
}

}  // namespace
}  // namespace faultline::store
