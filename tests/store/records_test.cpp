// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "store/extent_chunk.h"
#include "store/keys.h"
#include "support/record_seal.h"

namespace faultline::store {
namespace {

using ::testing::HasSubstr;

InodeRecord AnInode() {
  InodeRecord inode;
  inode.ino = InodeId{0x1122334455667788};
  inode.generation = 3;
  inode.mode = S_IFREG | 0640;
  inode.uid = 1000;
  inode.gid = 0xfffffffe;
  inode.nlink = 2;
  inode.rdev = 5;
  inode.flags = 0x10;
  inode.size = kEndOfFile;
  inode.blocks = 17;
  inode.atime = {-5, 999'999'999};
  inode.mtime = {1, 2};
  inode.ctime = {3, 4};
  inode.btime = {5, 6};
  inode.parent = InodeId{9};
  return inode;
}

Superblock ASuperblock() {
  Superblock super;
  super.uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};
  super.label = "scratch";
  super.volume_blocks = 1 << 24;
  super.name_hash_seed = 0xfedcba9876543210;
  super.created = {1'700'000'000, 5};
  return super;
}

ChunkPtr AChunk() {
  const uint32_t crcs[] = {11, 12, 13};
  ChunkEdit edit(nullptr);
  edit.Map(0, 3, {Space::kVolume, 100}, crcs, 7);
  edit.Map(3, 5, {Space::kUnwritten, 103}, {}, 7);
  edit.Map(60, 1, {Space::kSmall, 1}, std::span(crcs, 1), 8);
  return edit.Finish();
}

// One record of every kind: its key, its bytes, and whether some bytes decode under some key.
struct Sample {
  std::string name;
  std::string key;
  std::string record;
  std::function<Result<>(std::string_view key, std::string_view record)> decode;
};

template <class Decode>
Sample Make(std::string name, std::string_view key, std::string record, Decode decode) {
  auto check = [decode](std::string_view k, std::string_view r) -> Result<> {
    FL_TRY(decode(k, r));
    return {};
  };
  return {std::move(name), std::string(key), std::move(record), check};
}

std::vector<Sample> Samples() {
  const auto inode = keys::Inode(AnInode().ino);
  const auto orphan = keys::Orphan(InodeId{4});
  const auto chunk = keys::Chunk(InodeId{4}, 2);
  const std::string dirent = keys::Dirent(InodeId{4}, 512, "name");
  return {
      Make("inode", inode, EncodeInode(inode, AnInode()), DecodeInode),
      Make("dirent", dirent, EncodeDirent(dirent, InodeId{6}, 8), DecodeDirent),
      Make("orphan", orphan, EncodeOrphan(orphan), DecodeOrphan),
      Make("chunk", chunk, AChunk()->Encode(chunk), ExtentChunk::Decode),
      Make("superblock", keys::kSuperblock, EncodeSuperblock(ASuperblock()),
           [](std::string_view, std::string_view r) { return DecodeSuperblock(r); }),
      Make("state", keys::kState, EncodeState({5, 6, 7}),
           [](std::string_view, std::string_view r) { return DecodeState(r); }),
  };
}

using test::Resealed;

class EveryRecord : public ::testing::TestWithParam<Sample> {};
INSTANTIATE_TEST_SUITE_P(Kinds, EveryRecord, ::testing::ValuesIn(Samples()),
                         [](const auto& sample) { return sample.param.name; });

TEST_P(EveryRecord, Decodes) {
  const Sample& sample = GetParam();
  const Result<> result = sample.decode(sample.key, sample.record);
  EXPECT_TRUE(result) << result.error().message();
  EXPECT_EQ(Resealed(sample.key, sample.record), sample.record);
}

TEST_P(EveryRecord, WithAnyBitFlippedIsRefused) {
  const Sample& sample = GetParam();
  for (size_t bit = 0; bit < sample.record.size() * 8; ++bit) {
    std::string damaged = sample.record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const Result<> result = sample.decode(sample.key, damaged);
    ASSERT_FALSE(result) << "bit " << bit;
    EXPECT_EQ(result.error().code(), EUCLEAN);
    EXPECT_THAT(result.error().message(), HasSubstr("checksum"));
  }
}

TEST_P(EveryRecord, OfAnyOtherLengthIsRefused) {
  const Sample& sample = GetParam();
  for (size_t length = 0; length < sample.record.size(); ++length)
    EXPECT_FALSE(sample.decode(sample.key, sample.record.substr(0, length))) << length;
  EXPECT_FALSE(sample.decode(sample.key, sample.record + '\0'));
}

TEST_P(EveryRecord, OfAnyOtherLengthWithARightChecksumIsRefused) {
  const Sample& sample = GetParam();
  for (size_t length = 4; length < sample.record.size(); ++length) {
    const std::string cut = Resealed(sample.key, sample.record.substr(0, length));
    EXPECT_FALSE(sample.decode(sample.key, cut)) << length;
  }
  EXPECT_FALSE(sample.decode(sample.key, Resealed(sample.key, sample.record + '\0')));
}

TEST_P(EveryRecord, OfAnUnknownVersionIsRefusedByNumber) {
  const Sample& sample = GetParam();
  std::string newer = sample.record;
  newer[1] = 9;
  const Result<> result = sample.decode(sample.key, Resealed(sample.key, newer));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("unknown version 9 (this program knows 1)"));
}

TEST_P(EveryRecord, OfAnotherKindIsRefused) {
  const Sample& sample = GetParam();
  std::string other = sample.record;
  other[0] = 'z';
  EXPECT_FALSE(sample.decode(sample.key, Resealed(sample.key, other)));
}

TEST_P(EveryRecord, UnderAnotherKeyIsRefused) {
  const Sample& sample = GetParam();
  if (sample.key == keys::kSuperblock || sample.key == keys::kState) return;  // have only one
  for (size_t byte = 0; byte < sample.key.size(); ++byte) {
    std::string key = sample.key;
    key[byte] = static_cast<char>(key[byte] ^ 1);
    EXPECT_FALSE(sample.decode(key, sample.record)) << "byte " << byte << " of the key";
  }
}

TEST(Records, ComeBackAsTheyWere) {
  const auto inode = keys::Inode(AnInode().ino);
  EXPECT_EQ(DecodeInode(inode, EncodeInode(inode, AnInode())), AnInode());
  EXPECT_EQ(DecodeSuperblock(EncodeSuperblock(ASuperblock())), ASuperblock());
  const StoreState state{~0ull, 2, 3};
  EXPECT_EQ(DecodeState(EncodeState(state)), state);
  const auto orphan = keys::Orphan(InodeId{4});
  EXPECT_EQ(DecodeOrphan(orphan, EncodeOrphan(orphan)), InodeId{4});
  const std::string dirent = keys::Dirent(InodeId{4}, 512, "name");
  const Dirent expected{"name", InodeId{6}, 8, 512};
  EXPECT_EQ(DecodeDirent(dirent, EncodeDirent(dirent, InodeId{6}, 8)), expected);
  const auto chunk = keys::Chunk(InodeId{4}, 2);
  EXPECT_EQ(**ExtentChunk::Decode(chunk, AChunk()->Encode(chunk)), *AChunk());
}

TEST(Records, LongestLabelComesBack) {
  Superblock super = ASuperblock();
  super.label.assign(kMaxLabelLength, 'l');
  EXPECT_EQ(DecodeSuperblock(EncodeSuperblock(super)), super);
}

TEST(Records, InodeOutOfBoundsIsRefusedByName) {
  const auto expect = [](auto change, const char* message) {
    InodeRecord inode = AnInode();
    change(inode);
    const auto key = keys::Inode(inode.ino);
    const auto result = DecodeInode(key, EncodeInode(key, inode));
    ASSERT_FALSE(result) << message;
    EXPECT_THAT(result.error().message(), HasSubstr(message));
  };
  expect([](InodeRecord& inode) { inode.mode = 0640; }, "no file type");
  expect([](InodeRecord& inode) { inode.size = kEndOfFile + 1; }, "too large");
  expect([](InodeRecord& inode) { inode.mtime.nanoseconds = 1'000'000'000; }, "nanoseconds");
  expect([](InodeRecord& inode) { inode.ino = kNoInode; }, "not the key of an inode");
}

TEST(Records, SuperblockOfAnotherFormatIsRefused) {
  Superblock super = ASuperblock();
  super.format = 2;
  const auto result = DecodeSuperblock(EncodeSuperblock(super));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message(), HasSubstr("format 2"));
}

// The first run of AChunk() begins at byte 3: first, count, space, block, birth.
TEST(Records, ChunkOutOfBoundsIsRefusedByName) {
  const auto key = keys::Chunk(InodeId{4}, 2);
  const auto expect = [&](size_t byte, int value, const char* message) {
    std::string record = AChunk()->Encode(key);
    record[byte] = static_cast<char>(value);
    const auto result = ExtentChunk::Decode(key, Resealed(key, record));
    ASSERT_FALSE(result) << message;
    EXPECT_THAT(result.error().message(), HasSubstr(message));
  };
  expect(2, 0, "0 runs");
  expect(2, 65, "65 runs");
  expect(4, 0, "outside its chunk");
  expect(4, 65, "outside its chunk");
  expect(4, 4, "overlaps");
  expect(5, 3, "unknown space 3");
  expect(6, 0, "impossible block 0");
  expect(13, 1, "impossible block");
  expect(3 + 19 + 2, 0, "part of the run before");
}

TEST(SmallValue, LeavesTrailingZerosOut) {
  std::array<std::byte, kBlockSize> block{}, back;
  EXPECT_EQ(EncodeSmall(block).size(), 0u);
  block[99] = std::byte{7};
  EXPECT_EQ(EncodeSmall(block).size(), 100u);
  back.fill(std::byte{0xff});
  EXPECT_TRUE(DecodeSmall(EncodeSmall(block), back));
  EXPECT_EQ(back, block);
  block[kBlockSize - 1] = std::byte{1};
  EXPECT_EQ(EncodeSmall(block).size(), kBlockSize);
  EXPECT_TRUE(DecodeSmall(EncodeSmall(block), back));
  EXPECT_EQ(back, block);
}

TEST(SmallValue, LongerThanABlockIsRefused) {
  std::array<std::byte, kBlockSize> block;
  EXPECT_FALSE(DecodeSmall(std::string(kBlockSize + 1, 'x'), block));
}

}  // namespace
}  // namespace faultline::store
