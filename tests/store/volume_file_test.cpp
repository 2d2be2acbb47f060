// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/volume_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <vector>

#include "store/block.h"
#include "store/io_ring.h"
#include "support/store_directory.h"

namespace faultline::store {
namespace {

// More reads than the ring is deep.
constexpr size_t kBlocks = 200;

class VolumeFileTest : public testing::Test {
 protected:
  void SetUp() override {
    auto file = VolumeFile::Open(directory_.Path() / "volume", VolumeFile::Access::kCreate);
    ASSERT_TRUE(file) << file.error().ToString();
    file_ = *std::move(file);
    BlockBuffer block(1);
    for (size_t i = 0; i < kBlocks; ++i) {
      std::memset(block.Bytes().data(), Content(i), kBlockSize);
      ASSERT_TRUE(file_->Write(i * kBlockSize, block.Bytes()));
    }
  }

  static int Content(size_t block) { return static_cast<int>(1 + block % 251); }

  // Every block for itself, backwards, and one behind the end of the file.
  std::vector<FileRead> AllBlocks() {
    std::vector<FileRead> reads;
    for (size_t i = 0; i <= kBlocks; ++i)
      reads.push_back({(kBlocks - i) * kBlockSize, buffer_.Block(i)});
    return reads;
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<VolumeFile> file_;
  BlockBuffer buffer_{kBlocks + 1};
};

void ExpectAll(std::byte value, std::span<const std::byte> bytes) {
  for (std::byte byte : bytes) ASSERT_EQ(byte, value);
}

TEST_F(VolumeFileTest, ReadsManyPiecesEachOnce) {
  std::multiset<size_t> told;
  const auto reads = AllBlocks();
  ASSERT_TRUE(file_->ReadMany(reads, [&](size_t index, Result<> read) -> Result<> {
    EXPECT_TRUE(read);
    told.insert(index);
    const size_t block = reads[index].offset / kBlockSize;
    const int content = block < kBlocks ? Content(block) : 0;
    ExpectAll(static_cast<std::byte>(content), reads[index].out);
    return {};
  }));
  EXPECT_EQ(told.size(), kBlocks + 1);
  EXPECT_EQ(std::set<size_t>(told.begin(), told.end()).size(), kBlocks + 1);
}

TEST_F(VolumeFileTest, FirstErrorOfTheCallerEndsTheReports) {
  size_t told = 0;
  const Result<> result = file_->ReadMany(AllBlocks(), [&](size_t, const Result<>&) {
    return ++told == 3 ? Fail(EUCLEAN) : Result<>();
  });
  EXPECT_EQ(result.error().code(), EUCLEAN);
  EXPECT_EQ(told, 3u);
  // Nothing of it is still on its way: the ring serves the next one.
  told = 0;
  EXPECT_TRUE(file_->ReadMany(AllBlocks(), [&](size_t, const Result<>& read) {
    ++told;
    return read;
  }));
  EXPECT_EQ(told, kBlocks + 1);
}

TEST_F(VolumeFileTest, ErrorOfAReadIsToldForThatRead) {
  auto reads = AllBlocks();
  reads[7].offset = uint64_t{1} << 63;  // negative, for pread(2)
  std::set<size_t> failed;
  ASSERT_TRUE(file_->ReadMany(reads, [&](size_t index, const Result<>& read) -> Result<> {
    if (!read) failed.insert(index);
    return {};
  }));
  EXPECT_EQ(failed, std::set<size_t>{7});
}

}  // namespace
}  // namespace faultline::store
