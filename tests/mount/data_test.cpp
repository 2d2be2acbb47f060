// SPDX-License-Identifier: GPL-2.0-or-later
// read, write, truncate, fallocate, seek, copy: each against what POSIX or its man page says.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "mount/mount_fixture.h"

namespace faultline {
namespace {

constexpr size_t kPage = 4096;
constexpr int kPunch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

// Page-aligned, for O_DIRECT.
class AlignedBytes {
 public:
  explicit AlignedBytes(size_t size, char fill = 0)
      : size_(size), data_(static_cast<char*>(std::aligned_alloc(kPage, size)), std::free) {
    std::memset(data_.get(), fill, size);
  }
  char* data() { return data_.get(); }
  size_t size() const { return size_; }
  std::string Text() const { return std::string(data_.get(), size_); }

 private:
  size_t size_;
  std::unique_ptr<char, decltype(&std::free)> data_;
};

class Data : public test::CacheModeTest {
 protected:
  std::string Read(const UniqueFd& file, size_t size, off_t offset) const {
    std::string data(size, '?');
    const ssize_t got = pread(file.get(), data.data(), size, offset);
    EXPECT_GE(got, 0) << std::strerror(errno);
    data.resize(got < 0 ? 0 : static_cast<size_t>(got));
    return data;
  }
  void Write(const UniqueFd& file, const std::string& data, off_t offset) const {
    ASSERT_EQ(pwrite(file.get(), data.data(), data.size(), offset),
              static_cast<ssize_t>(data.size()));
  }
  static off_t SizeOf(const UniqueFd& file) {
    struct stat st {};
    fstat(file.get(), &st);
    return st.st_size;
  }
  static void DropCache(const UniqueFd& file) {
    fsync(file.get());
    posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  }
};
FL_IN_BOTH_CACHE_MODES(Data);

TEST_P(Data, ReadStopsAtTheEnd) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, "12345", 0);
  EXPECT_EQ(Read(file, 100, 3), "45");
  EXPECT_EQ(Read(file, 100, 5), "");
  EXPECT_EQ(Read(file, 100, 1 << 20), "");
}

TEST_P(Data, WriteBeyondTheEndLeavesZeros) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, "a", 0);
  Write(file, "b", 10000);
  DropCache(file);
  EXPECT_EQ(Read(file, 20000, 0), "a" + std::string(9999, '\0') + "b");
}

TEST_P(Data, BytesOfEverySizeAndOffsetComeBack) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  std::string model;
  for (size_t i = 0; i < 60; ++i) {
    const size_t size = 1 + i * 1237 % 9000, offset = i * 7919 % 60000;
    const std::string data(size, static_cast<char>('A' + i));
    Write(file, data, static_cast<off_t>(offset));
    if (model.size() < offset + size) model.resize(offset + size);
    model.replace(offset, size, data);
  }
  DropCache(file);
  EXPECT_EQ(Read(file, 1 << 20, 0), model);
  file.Reset();
  Remount();
  EXPECT_EQ(ReadFile("a"), model);
}

TEST_P(Data, LargeFileIsReadAfterRemount) {
  std::string data;
  for (int i = 0; i < (20 << 20) / 8; ++i)
    data.append(reinterpret_cast<const char*>(&i), 4).append("abcd");
  WriteFile("a", data);
  Remount();
  EXPECT_TRUE(ReadFile("a") == data);
}

TEST_P(Data, AppendGoesToTheEnd) {
  UniqueFd first = Open("a", O_CREAT | O_WRONLY | O_APPEND);
  UniqueFd second = Open("a", O_WRONLY | O_APPEND);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(write(first.get(), "1", 1), 1);
    ASSERT_EQ(write(second.get(), "2", 1), 1);
  }
  EXPECT_EQ(ReadFile("a"), "12121212121212121212");
}

TEST_P(Data, OpenWithTruncEmptiesTheFile) {
  WriteFile("a", std::string(10000, 'x'));
  UniqueFd file = Open("a", O_RDWR | O_TRUNC);
  EXPECT_EQ(SizeOf(file), 0);
  EXPECT_EQ(Read(file, 10, 0), "");
}

TEST_P(Data, ShrunkFileIsZeroWhereItGrowsAgain) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, std::string(3 * kPage, 'x'), 0);
  ASSERT_SYS(ftruncate(file.get(), 5000));
  ASSERT_SYS(ftruncate(file.get(), 3 * kPage));
  DropCache(file);
  EXPECT_EQ(Read(file, 1 << 20, 0), std::string(5000, 'x') + std::string(3 * kPage - 5000, '\0'));
}

TEST_P(Data, GrownFileIsZeroBehindItsOldEnd) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, "abc", 0);
  ASSERT_SYS(ftruncate(file.get(), 100000));
  EXPECT_EQ(Read(file, 200000, 0), "abc" + std::string(99997, '\0'));
}

TEST_P(Data, TruncateBeyondTheLargestFileIsRefused) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  EXPECT_ERRNO(ftruncate(file.get(), -1), EINVAL);
}

TEST_P(Data, SparseFileOfManyTebibytesHasItsBytes) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  const off_t far = off_t{1} << 45;
  Write(file, "far", far);
  DropCache(file);
  EXPECT_EQ(Read(file, 10, far), "far");
  EXPECT_EQ(Read(file, 4, far - 4), std::string(4, '\0'));
}

TEST_P(Data, DirectWriteIsSeenByCachedRead) {
  UniqueFd cached = Open("a", O_CREAT | O_RDWR);
  Write(cached, std::string(4 * kPage, 'c'), 0);
  EXPECT_EQ(Read(cached, 1, kPage), "c");
  UniqueFd direct = Open("a", O_RDWR | O_DIRECT);
  AlignedBytes page(kPage, 'd');
  ASSERT_EQ(pwrite(direct.get(), page.data(), kPage, kPage), static_cast<ssize_t>(kPage));
  EXPECT_EQ(Read(cached, 4 * kPage, 0),
            std::string(kPage, 'c') + std::string(kPage, 'd') + std::string(2 * kPage, 'c'));
}

TEST_P(Data, CachedWriteIsSeenByDirectRead) {
  UniqueFd cached = Open("a", O_CREAT | O_RDWR);
  Write(cached, std::string(kPage, 'c'), 0);
  UniqueFd direct = Open("a", O_RDWR | O_DIRECT);
  AlignedBytes page(kPage);
  ASSERT_EQ(pread(direct.get(), page.data(), kPage, 0), static_cast<ssize_t>(kPage));
  EXPECT_EQ(page.Text(), std::string(kPage, 'c'));
}

TEST_P(Data, LargeDirectTransfersComeBack) {
  UniqueFd direct = Open("a", O_CREAT | O_RDWR | O_DIRECT);
  AlignedBytes out(4 << 20), in(4 << 20);
  for (size_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<char>(i * 31 >> 7);
  ASSERT_EQ(pwrite(direct.get(), out.data(), out.size(), 0), static_cast<ssize_t>(out.size()));
  ASSERT_EQ(pread(direct.get(), in.data(), in.size(), 0), static_cast<ssize_t>(in.size()));
  EXPECT_TRUE(in.Text() == out.Text());
}

// Reading a file into a mapping of itself: the kernel has to fault while it holds the file.
TEST_P(Data, DirectIoFromAndToItsOwnMappingCompletes) {
  UniqueFd direct = Open("a", O_CREAT | O_RDWR | O_DIRECT);
  ASSERT_SYS(ftruncate(direct.get(), 16 * kPage));
  void* map = mmap(nullptr, 16 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, direct.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  char* bytes = static_cast<char*>(map);
  std::memset(bytes, 'm', kPage);
  EXPECT_EQ(pwrite(direct.get(), bytes, kPage, 8 * kPage), static_cast<ssize_t>(kPage));
  EXPECT_EQ(bytes[8 * kPage], 'm');
  EXPECT_EQ(pread(direct.get(), bytes + 2 * kPage, kPage, 8 * kPage), static_cast<ssize_t>(kPage));
  EXPECT_EQ(bytes[2 * kPage], 'm');
  munmap(map, 16 * kPage);
}

TEST_P(Data, PunchedHoleIsZeroAndTheRestIsNot) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, std::string(10 * kPage, 'x'), 0);
  ASSERT_SYS(fallocate(file.get(), kPunch, 5000, 20000));
  const std::string expected =
      std::string(5000, 'x') + std::string(20000, '\0') + std::string(10 * kPage - 25000, 'x');
  EXPECT_EQ(Read(file, 1 << 20, 0), expected);
  DropCache(file);
  EXPECT_EQ(Read(file, 1 << 20, 0), expected);
}

TEST_P(Data, PunchBeyondTheEndKeepsTheSize) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, "12345", 0);
  ASSERT_SYS(fallocate(file.get(), kPunch, 2, 1 << 20));
  EXPECT_EQ(SizeOf(file), 5);
  EXPECT_EQ(Read(file, 10, 0), std::string("12\0\0\0", 5));
}

TEST_P(Data, PunchGivesSpaceBack) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, std::string(8 << 20, 'x'), 0);
  ASSERT_SYS(fsync(file.get()));
  ASSERT_SYS(fallocate(file.get(), kPunch, 0, 8 << 20));
  struct stat st;
  ASSERT_SYS(fstat(file.get(), &st));
  EXPECT_EQ(st.st_blocks, 0);
  EXPECT_EQ(st.st_size, 8 << 20);
}

TEST_P(Data, ZeroRangeMayExtendTheFile) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, "12345", 0);
  ASSERT_SYS(fallocate(file.get(), FALLOC_FL_ZERO_RANGE, 2, 10000));
  EXPECT_EQ(SizeOf(file), 10002);
  EXPECT_EQ(Read(file, 20000, 0), "12" + std::string(10000, '\0'));
  ASSERT_SYS(fallocate(file.get(), FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, 50000));
  EXPECT_EQ(SizeOf(file), 10002);
}

TEST_P(Data, FallocateReservesAndShowsZeros) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, "x", 0);
  ASSERT_SYS(fallocate(file.get(), 0, 0, 1 << 20));
  EXPECT_EQ(SizeOf(file), 1 << 20);
  EXPECT_EQ(Read(file, 1 << 20, 0), "x" + std::string((1 << 20) - 1, '\0'));
  struct stat st;
  ASSERT_SYS(fstat(file.get(), &st));
  EXPECT_GE(st.st_blocks, (1 << 20) / 512);
  ASSERT_SYS(fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 2 << 20, 1 << 20));
  EXPECT_EQ(SizeOf(file), 1 << 20);
}

TEST_P(Data, OtherModesOfFallocateAreEopnotsupp) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, std::string(4 * kPage, 'x'), 0);
  EXPECT_ERRNO(fallocate(file.get(), FALLOC_FL_COLLAPSE_RANGE, 0, kPage), EOPNOTSUPP);
  EXPECT_ERRNO(fallocate(file.get(), FALLOC_FL_INSERT_RANGE, 0, kPage), EOPNOTSUPP);
  EXPECT_ERRNO(fallocate(file.get(), FALLOC_FL_PUNCH_HOLE, 0, kPage), EOPNOTSUPP);
}

TEST_P(Data, SeekFindsDataAndHoles) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, std::string(kPage, 'x'), 1 << 20);
  ASSERT_SYS(ftruncate(file.get(), 4 << 20));
  ASSERT_SYS(fsync(file.get()));
  EXPECT_EQ(lseek(file.get(), 0, SEEK_DATA), 1 << 20);
  EXPECT_EQ(lseek(file.get(), 0, SEEK_HOLE), 0);
  EXPECT_EQ(lseek(file.get(), 1 << 20, SEEK_HOLE), (1 << 20) + static_cast<off_t>(kPage));
  EXPECT_ERRNO(static_cast<int>(lseek(file.get(), 2 << 20, SEEK_DATA)), ENXIO);
  EXPECT_ERRNO(static_cast<int>(lseek(file.get(), 4 << 20, SEEK_HOLE)), ENXIO);
}

// lseek(2): there is an implicit hole at the end of any file.
TEST_P(Data, EndOfAFileIsAHole) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, std::string(100, 'x'), 0);
  ASSERT_SYS(fsync(file.get()));
  EXPECT_EQ(lseek(file.get(), 0, SEEK_HOLE), 100);
}

TEST_P(Data, CopyFileRangeCopiesAlignedAndUnalignedRanges) {
  UniqueFd from = Open("a", O_CREAT | O_RDWR), to = Open("b", O_CREAT | O_RDWR);
  std::string data;
  for (size_t i = 0; i < 64 * kPage; ++i) data += static_cast<char>(i * 31 >> 5);
  Write(from, data, 0);
  off_t in = 0, out = 0;
  ASSERT_EQ(copy_file_range(from.get(), &in, to.get(), &out, 32 * kPage, 0),
            static_cast<ssize_t>(32 * kPage));
  EXPECT_TRUE(Read(to, 1 << 20, 0) == data.substr(0, 32 * kPage));
  in = 777, out = 5555;
  ASSERT_EQ(copy_file_range(from.get(), &in, to.get(), &out, 50000, 0), 50000);
  EXPECT_TRUE(Read(to, 50000, 5555) == data.substr(777, 50000));
  EXPECT_TRUE(Read(to, 5555, 0) == data.substr(0, 5555));
  // What is written to the copy does not show in the original.
  Write(to, std::string(kPage, '!'), 0);
  DropCache(from);
  EXPECT_TRUE(Read(from, 1 << 20, 0) == data);
}

TEST_P(Data, FullVolumeIsEnospcAndCanStillBeEmptied) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  const std::string data(4 << 20, 'x');
  off_t offset = 0;
  int error = 0;
  while (error == 0 && offset < (1 << 30)) {
    const ssize_t written = pwrite(file.get(), data.data(), data.size(), offset);
    if (written <= 0)
      error = errno;
    else
      offset += written;
    if (fsync(file.get()) != 0) error = errno;
  }
  EXPECT_EQ(error, ENOSPC);
  EXPECT_GT(offset, 100 << 20);
  EXPECT_SYS(ftruncate(file.get(), kPage));
  EXPECT_SYS(fsync(file.get()));
  WriteFile("b", "fits again");
  EXPECT_EQ(ReadFile("b"), "fits again");
  EXPECT_EQ(Read(file, kPage, 0), std::string(kPage, 'x'));
}

TEST_P(Data, FsyncOfAFileAndOfADirectorySucceeds) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  Write(file, "x", 0);
  EXPECT_SYS(fsync(file.get()));
  EXPECT_SYS(fdatasync(file.get()));
  UniqueFd root(open(mount_point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_SYS(fsync(root.get()));
}

}  // namespace
}  // namespace faultline
