// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

#include "support/mounted_filesystem.h"

namespace faultline::test {
namespace {

using store::MemoryStore;

std::string Blocks(uint64_t count, char fill) { return std::string(count * kBlockSize, fill); }

class Data : public ::testing::Test {
 protected:
  void SetUp() override { ino_ = m_.MakeFile("f"); }
  void TearDown() override {
    EXPECT_EQ(m_.store().LeakedBlocks(), 0u);
    EXPECT_EQ(m_.Stat(ino_).blocks, m_.MappedBlocks(ino_));
  }
  uint64_t BlocksOf(InodeId ino) { return m_.Stat(ino).blocks; }
  Result<uint64_t> Seek(uint64_t offset, int whence) { return m_->Seek(ino_, offset, whence); }
  void Forget() {
    m_->Forget(ino_, 1);
    ASSERT_TRUE(m_->Lookup(kRootInode, "f"));
  }

  MountedFilesystem m_;
  InodeId ino_{};
};

using Read = Data;
using Write = Data;
using Truncate = Data;
using Fallocate = Data;
using CopyFileRange = Data;
using SeekTest = Data;
using Fsync = Data;
using SetAttributes = Data;

TEST_F(Read, EndsAtTheEndOfTheFile) {
  ASSERT_EQ(m_.Write(ino_, 0, "12345"), 0);
  EXPECT_EQ(m_.Read(ino_, {3, 100}), "45");
  EXPECT_EQ(m_.Read(ino_, {5, 100}), "");
  EXPECT_EQ(m_.Read(ino_, {1 << 30, (1 << 30) + 10}), "");
}

TEST_F(Read, HolesAreZeros) {
  ASSERT_EQ(m_.Write(ino_, 10 * kBlockSize, "x"), 0);
  EXPECT_EQ(m_.ReadAll(ino_), Blocks(10, '\0') + "x");
  EXPECT_EQ(BlocksOf(ino_), 1u);
}

TEST_F(Read, DirectoryIsNoFile) {
  EXPECT_EQ(ErrnoOf(m_.TryRead(kRootInode, {0, 10})), EISDIR);
  EXPECT_EQ(m_.Truncate(kRootInode, 0), EISDIR);
}

TEST_F(Read, WrongChecksumInTheVolumeIsAnErrorThatNamesThePlace) {
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(32, 'x')), 0);
  auto chunk = *m_.store().GetChunk(ino_, 0);
  m_.store().FlipVolumeByte(chunk->AddressOf(3)->block, 17);
  const auto read = m_.TryRead(ino_, {0, 32 * kBlockSize});
  ASSERT_EQ(ErrnoOf(read), EIO);
  const std::string message = read.error().message();
  EXPECT_NE(message.find("inode " + std::to_string(Raw(ino_))), std::string::npos) << message;
  EXPECT_NE(message.find("offset 12288"), std::string::npos) << message;
  EXPECT_NE(message.find("volume block " + std::to_string(chunk->AddressOf(3)->block)),
            std::string::npos)
      << message;
  EXPECT_EQ(m_.Read(ino_, {0, 3 * kBlockSize}), Blocks(3, 'x')) << "the others are fine";
  ASSERT_EQ(m_.Write(ino_, 3 * kBlockSize, Blocks(1, 'y')), 0) << "and it can be replaced";
}

TEST_F(Read, WrongChecksumOfASmallBlockIsAnError) {
  ASSERT_EQ(m_.Write(ino_, 0, "small"), 0);
  const store::ChunkPtr chunk = *m_.store().GetChunk(ino_, 0);
  m_.store().FlipSmallByte(chunk->AddressOf(0)->block, 2);
  // What is in memory with the chunk was right; read from a database it comes without.
  store::Transaction reload;
  reload.PutChunk(ino_, 0, *store::ExtentChunk::Decode("key", chunk->Encode("key")));
  m_.store().Apply(std::move(reload));
  Forget();
  EXPECT_EQ(ErrnoOf(m_.TryRead(ino_, {0, 5})), EIO);
}

TEST_F(Write, NotARoundNumber) {
  std::string expected;
  for (const uint64_t offset : {0u, 4095u, 4097u, 12287u, 262143u}) {
    const std::string data = std::to_string(offset) + std::string(3, '!');
    ASSERT_EQ(m_.Write(ino_, offset, data), 0);
    expected.resize(std::max<size_t>(expected.size(), offset + data.size()));
    expected.replace(offset, data.size(), data);
  }
  EXPECT_EQ(m_.ReadAll(ino_), expected);
}

TEST_F(Write, BeyondTheLargestOffsetIsTooBig) {
  EXPECT_EQ(m_.Write(ino_, kEndOfFile - 1, "12"), EFBIG);
  ASSERT_EQ(m_.Write(ino_, kEndOfFile - 2, "12"), 0);
  EXPECT_EQ(m_.Stat(ino_).size, kEndOfFile);
  EXPECT_EQ(m_.Read(ino_, {kEndOfFile - 2, kEndOfFile}), "12");
}

TEST_F(Write, LongRowsGoToTheVolumeShortOnesWait) {
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(16, 'v')), 0);
  EXPECT_EQ(m_.store().LiveSmallBlocks(), 0u);
  ASSERT_EQ(m_.Write(ino_, 100 * kBlockSize, Blocks(15, 's')), 0);
  EXPECT_EQ(m_.store().LiveSmallBlocks(), 15u);
}

TEST_F(Write, NeighboursWrittenOneByOneGoToTheVolumeTogether) {
  for (uint64_t block = 0; block < 20; ++block)
    ASSERT_EQ(m_.Write(ino_, (19 - block) * kBlockSize, Blocks(1, static_cast<char>('a' + block))),
              0);
  const std::string written = m_.ReadAll(ino_);
  ASSERT_TRUE(m_.store().Commit());
  EXPECT_EQ(m_.store().LiveSmallBlocks(), 0u);
  EXPECT_EQ((*m_.store().GetChunk(ino_, 0))->Runs().size(), 1u);
  EXPECT_EQ(m_.ReadAll(ino_), written);
}

TEST_F(Write, SmallBlocksOfAForgottenFileAreMoved) {
  for (uint64_t block = 0; block < 20; ++block)
    ASSERT_EQ(m_.Write(ino_, block * kBlockSize, Blocks(1, 'x')), 0);
  m_->Forget(ino_, 1);
  ASSERT_TRUE(m_.store().Commit());
  EXPECT_EQ(m_.store().LiveSmallBlocks(), 0u);
  ASSERT_TRUE(m_->Lookup(kRootInode, "f"));
  EXPECT_EQ(m_.ReadAll(ino_), Blocks(20, 'x'));
}

TEST_F(Write, SuidAndSgidGoOnRequest) {
  fs::AttributeChange change;
  change.mode = 06775;
  ASSERT_TRUE(m_->SetAttributes(m_.NextRequest(), ino_, change));
  m_->Write(m_.NextRequest(), ino_, fs::WriteKind::kBuffered, 0, std::as_bytes(std::span("x", 1)),
            true, [](Result<size_t> done) { ASSERT_TRUE(done); });
  EXPECT_EQ(m_.Stat(ino_).mode & 07777, 0775u);
}

// Whatever call fails, and wherever: the file is as it was and nothing is lost or kept.
TEST_F(Write, FailedCallsChangeNothing) {
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(40, 'v')), 0);
  ASSERT_EQ(m_.Write(ino_, 100, "small"), 0);
  ASSERT_EQ(m_.Fallocate(ino_, 0, {50 * kBlockSize, 60 * kBlockSize}), 0);
  const InodeId other = m_.MakeFile("g");
  ASSERT_EQ(m_.Write(other, 0, Blocks(20, 'g')), 0);
  ASSERT_TRUE(m_.store().Commit());
  const std::string before = m_.ReadAll(ino_);
  const uint64_t blocks = BlocksOf(ino_);
  const auto operations = std::to_array<std::function<int()>>({
      [&] { return m_.Write(ino_, 10, Blocks(55, 'w')); },
      [&] { return m_.Write(ino_, 51 * kBlockSize + 7, "in place"); },
      [&] { return m_.Truncate(ino_, 777); },
      [&] {
        return m_.Punch(ino_, {123, 45'678});
      },
      [&] {
        return m_.Zero(ino_, {123, 245'678});
      },
      [&] {
        return m_.Fallocate(ino_, 0, {0, 80 * kBlockSize});
      },
      [&] { return ErrnoOf(m_.Copy(other, 0, ino_, kBlockSize, 20 * kBlockSize)); },
  });
  using enum MemoryStore::Call;
  int failures = 0;
  for (const auto call :
       {kLookup, kReadVolume, kWriteVolume, kReadSmall, kAllocate, kWaitForRoom}) {
    for (const auto& operation : operations) {
      for (uint64_t skip = 0; skip < 10; ++skip) {
        Forget();
        m_.store().FailCalls(call, EIO, skip);
        const int error = operation();
        m_.store().FailCalls(call, 0, 0, 0);
        if (error == 0) {  // it makes no such call, or fewer: put things back
          m_.Crash();
          ASSERT_TRUE(m_->Lookup(kRootInode, "f"));
          ASSERT_TRUE(m_->Lookup(kRootInode, "g"));
          break;
        }
        ASSERT_EQ(error, EIO);
        ++failures;
        ASSERT_EQ(m_.ReadAll(ino_), before);
        ASSERT_EQ(BlocksOf(ino_), blocks);
        ASSERT_EQ(m_.store().LeakedBlocks(), 0u);
      }
    }
  }
  EXPECT_GT(failures, 30);
}

TEST_F(Truncate, CutTailDoesNotComeBack) {
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(20, 'x')), 0);
  ASSERT_EQ(m_.Truncate(ino_, 5000), 0);
  EXPECT_EQ(BlocksOf(ino_), 2u);
  ASSERT_EQ(m_.Truncate(ino_, 10'000), 0);
  EXPECT_EQ(m_.ReadAll(ino_), std::string(5000, 'x') + std::string(5000, '\0'));
}

TEST_F(Truncate, ReservedBlocksBeyondTheEndGo) {
  ASSERT_EQ(m_.Fallocate(ino_, FALLOC_FL_KEEP_SIZE, {0, 10 * kBlockSize}), 0);
  ASSERT_EQ(m_.Write(ino_, 0, "12345"), 0);
  ASSERT_EQ(m_.Truncate(ino_, 3), 0);
  EXPECT_EQ(BlocksOf(ino_), 1u);
}

TEST_F(Truncate, LastBlockThereIsGoesToo) {
  ASSERT_EQ(m_.Write(ino_, kEndOfFile - 5, "12345"), 0);
  ASSERT_EQ(m_.Truncate(ino_, 0), 0);
  EXPECT_EQ(BlocksOf(ino_), 0u);
  ASSERT_EQ(m_.Truncate(ino_, kEndOfFile), 0);
  EXPECT_EQ(m_.Read(ino_, {kEndOfFile - 5, kEndOfFile}), std::string(5, '\0'));
  EXPECT_EQ(m_.Truncate(ino_, kEndOfFile + 1), EFBIG);
}

TEST_F(Truncate, WideFilesAreCutInOneStep) {
  for (uint64_t chunk = 0; chunk < 200; ++chunk)
    ASSERT_EQ(m_.Write(ino_, chunk * store::kChunkSize, Blocks(1, 'x')), 0);
  ASSERT_EQ(m_.Truncate(ino_, 50 * store::kChunkSize + 1), 0);
  EXPECT_EQ(BlocksOf(ino_), 51u);
}

TEST_F(Fallocate, PunchZerosTheEdgesAndFreesTheRest) {
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(20, 'x')), 0);
  std::string expected = m_.ReadAll(ino_);
  ASSERT_EQ(m_.Punch(ino_, {100, 8192 + 50}), 0);
  std::fill(expected.begin() + 100, expected.begin() + 8192 + 50, '\0');
  EXPECT_EQ(m_.ReadAll(ino_), expected);
  EXPECT_EQ(BlocksOf(ino_), 19u);
  ASSERT_EQ(m_.Punch(ino_, {19 * kBlockSize + 5, 19 * kBlockSize + 6}), 0);
  expected[19 * kBlockSize + 5] = '\0';
  EXPECT_EQ(m_.ReadAll(ino_), expected);
}

TEST_F(Fallocate, PunchNeedsKeepSizeAndBytes) {
  EXPECT_EQ(m_.Fallocate(ino_, FALLOC_FL_PUNCH_HOLE, {0, 10}), EOPNOTSUPP);
  EXPECT_EQ(m_.Fallocate(ino_, FALLOC_FL_COLLAPSE_RANGE, {0, 4096}), EOPNOTSUPP);
  EXPECT_EQ(m_.Punch(ino_, {5, 5}), EINVAL);
}

TEST_F(Fallocate, PunchBeyondTheEndKeepsTheSize) {
  ASSERT_EQ(m_.Write(ino_, 0, "12345"), 0);
  ASSERT_EQ(m_.Punch(ino_, {3, 1ull << 40}), 0);
  EXPECT_EQ(m_.ReadAll(ino_), std::string("123\0\0", 5));
}

// fallocate(2), FALLOC_FL_ZERO_RANGE: "Within the specified range, blocks are preallocated for the
// regions that span the holes in the file."
TEST_F(Fallocate, ZeroRangeReservesEveryBlockItTouches) {
  ASSERT_EQ(m_.Zero(ino_, {100, 3 * kBlockSize + 100}), 0);
  EXPECT_EQ(BlocksOf(ino_), 4u);
  EXPECT_EQ(m_.Stat(ino_).size, 3 * kBlockSize + 100);
  EXPECT_EQ(ErrnoOf(Seek(0, SEEK_DATA)), ENXIO);
}

// posix_fallocate(): "subsequent writes to the specified file data range shall not fail due to the
// lack of free space on the file system storage media".
TEST(FallocateOnAFullVolume, ReservedSpaceCanBeFilled) {
  MountedFilesystem m(
      {.store = {.volume_blocks = 200, .reserve_blocks = 8, .manual_commit = true}, .fs = {}});
  const InodeId reserved = m.MakeFile("reserved");
  const InodeId filler = m.MakeFile("filler");
  ASSERT_EQ(m.Fallocate(reserved, 0, {0, 64 * kBlockSize}), 0);
  uint64_t filled = 0;
  while (m.Write(filler, filled * kBlockSize, std::string(16 * kBlockSize, 'f')) == 0) filled += 16;
  while (m.Write(filler, filled * kBlockSize, std::string(kBlockSize, 'f')) == 0) ++filled;
  ASSERT_GT(filled, 100u);
  for (uint64_t offset = 0; offset < 64 * kBlockSize; offset += kBlockSize)
    ASSERT_EQ(m.Write(reserved, offset, std::string(kBlockSize, 'r')), 0) << "at " << offset;
  EXPECT_EQ(m.ReadAll(reserved), std::string(64 * kBlockSize, 'r'));
  EXPECT_EQ(m.Write(filler, 0, std::string(kBlockSize, 'o')), 0) << "overwriting goes on";
  EXPECT_EQ(m.Truncate(filler, 100), 0);
  EXPECT_EQ(m.store().LeakedBlocks(), 0u);
}

TEST_F(Fallocate, ReservationDoesNotTouchData) {
  ASSERT_EQ(m_.Write(ino_, kBlockSize, "data"), 0);
  ASSERT_EQ(m_.Fallocate(ino_, 0, {0, 5 * kBlockSize}), 0);
  EXPECT_EQ(m_.Stat(ino_).size, 5 * kBlockSize);
  EXPECT_EQ(BlocksOf(ino_), 5u);
  EXPECT_EQ(m_.Read(ino_, {kBlockSize, kBlockSize + 5}), std::string("data\0", 5));
}

TEST_F(CopyFileRange, AlignedRangesAreCopied) {
  const InodeId source = m_.MakeFile("s");
  ASSERT_EQ(m_.Write(source, 0, Blocks(4, 's') + "tail"), 0);
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(3, 'x')), 0);
  EXPECT_EQ(*m_.Copy(source, kBlockSize, ino_, kBlockSize, kBlockSize), kBlockSize);
  EXPECT_EQ(m_.ReadAll(ino_), Blocks(1, 'x') + Blocks(1, 's') + Blocks(1, 'x'));
  EXPECT_EQ(*m_.Copy(source, 4 * kBlockSize, ino_, 3 * kBlockSize, 1 << 20), 4u);
  EXPECT_EQ(m_.Read(ino_, {3 * kBlockSize, 4 * kBlockSize}), "tail");
}

TEST_F(CopyFileRange, OtherRangesAreForTheKernel) {
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(4, 'x')), 0);
  const InodeId out = m_.MakeFile("s");
  ASSERT_EQ(m_.Write(out, 0, Blocks(4, 'y')), 0);
  EXPECT_EQ(ErrnoOf(m_.Copy(ino_, 1, out, 0, kBlockSize)), EOPNOTSUPP);
  EXPECT_EQ(ErrnoOf(m_.Copy(ino_, 0, out, 1, kBlockSize)), EOPNOTSUPP);
  EXPECT_EQ(ErrnoOf(m_.Copy(ino_, 0, out, 0, 100)), EOPNOTSUPP);
  EXPECT_EQ(*m_.Copy(ino_, 4 * kBlockSize, out, 0, 100), 0u) << "nothing beyond the end";
  EXPECT_EQ(m_.ReadAll(out), Blocks(4, 'y'));
}

TEST_F(SeekTest, FindsDataAndHoles) {
  ASSERT_EQ(m_.Write(ino_, 2 * kBlockSize, Blocks(2, 'x')), 0);
  ASSERT_EQ(m_.Write(ino_, 1000 * store::kChunkSize, "far"), 0);
  EXPECT_EQ(*Seek(0, SEEK_DATA), 2 * kBlockSize);
  EXPECT_EQ(*Seek(2 * kBlockSize + 9, SEEK_DATA), 2 * kBlockSize + 9);
  EXPECT_EQ(*Seek(4 * kBlockSize, SEEK_DATA), 1000 * store::kChunkSize);
  EXPECT_EQ(*Seek(7, SEEK_HOLE), 7u);
  EXPECT_EQ(*Seek(3 * kBlockSize, SEEK_HOLE), 4 * kBlockSize);
  EXPECT_EQ(*Seek(1000 * store::kChunkSize, SEEK_HOLE), m_.Stat(ino_).size) << "the end is a hole";
  EXPECT_EQ(ErrnoOf(Seek(m_.Stat(ino_).size, SEEK_HOLE)), ENXIO);
  EXPECT_EQ(ErrnoOf(Seek(0, SEEK_CUR)), EINVAL);
}

TEST_F(Fsync, CompletesWithTheCommitAndNotBefore) {
  ASSERT_EQ(m_.Write(ino_, 0, "x"), 0);
  int done = 0;
  m_->Fsync(ino_, false, [&](Result<> result) { done = result ? 1 : -1; });
  EXPECT_EQ(done, 0);
  ASSERT_TRUE(m_.store().Commit());
  EXPECT_EQ(done, 1);
  done = 0;
  m_->Fsync(ino_, true, [&](Result<> result) { done = result ? 1 : -1; });
  EXPECT_EQ(done, 1) << "nothing changed since";
}

TEST_F(Fsync, WaitsForChangesMadeBeforeTheInodeWasForgotten) {
  ASSERT_EQ(m_.Write(ino_, 0, "x"), 0);
  Forget();
  bool done = false;
  m_->Fsync(ino_, false, [&](Result<>) { done = true; });
  EXPECT_FALSE(done);
  ASSERT_TRUE(m_.store().Commit());
  EXPECT_TRUE(done);
}

TEST_F(Fsync, FailedCommitIsReported) {
  ASSERT_EQ(m_.Write(ino_, 0, "x"), 0);
  int error = 0;
  m_->Fsync(ino_, false, [&](Result<> result) { error = ErrnoOf(result); });
  m_.store().FailCalls(MemoryStore::Call::kCommit, EIO);
  EXPECT_FALSE(m_.store().Commit());
  EXPECT_EQ(error, EIO);
  EXPECT_EQ(m_.Write(ino_, 0, "y"), EIO) << "the store takes no changes any more";
}

TEST_F(Fsync, WhatItPromisedSurvivesACrash) {
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(20, 'x')), 0);
  ASSERT_EQ(m_.Fsync(ino_), 0);
  ASSERT_EQ(m_.Write(ino_, 0, Blocks(20, 'y')), 0);
  m_.Crash();
  ASSERT_TRUE(m_->Lookup(kRootInode, "f"));
  EXPECT_EQ(m_.ReadAll(ino_), Blocks(20, 'x'));
}

// chown(2): "When the owner or group of an executable file is changed ... the S_ISUID and S_ISGID
// mode bits are cleared."
TEST_F(SetAttributes, ChangeOfOwnerTakesSuidAway) {
  fs::AttributeChange mode;
  mode.mode = 06755;
  ASSERT_TRUE(m_->SetAttributes(m_.NextRequest(), ino_, mode));
  fs::AttributeChange owner;
  owner.uid = 7;
  EXPECT_EQ(m_->SetAttributes(m_.NextRequest(), ino_, owner)->mode & 07777, 0755u);
}

TEST_F(SetAttributes, OnlyWhatIsAskedForChanges) {
  const fs::Attributes before = m_.Stat(ino_);
  fs::AttributeChange change;
  change.mtime = store::Timestamp{5, 6};
  fs::Attributes after = *m_->SetAttributes(m_.NextRequest(), ino_, change);
  EXPECT_EQ(after.mtime, (store::Timestamp{5, 6}));
  EXPECT_GE(after.ctime, before.ctime);
  after.mtime = before.mtime;
  after.ctime = before.ctime;
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace faultline::test
