// SPDX-License-Identifier: GPL-2.0-or-later
// What stat(2) shows, and what changes it.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "mount/mount_fixture.h"

namespace faultline {
namespace {

constexpr mode_t kBits = 07777;

bool operator<(const timespec& a, const timespec& b) {
  return std::pair(a.tv_sec, a.tv_nsec) < std::pair(b.tv_sec, b.tv_nsec);
}
bool operator==(const timespec& a, const timespec& b) { return !(a < b) && !(b < a); }

class Attributes : public test::CacheModeTest {
 protected:
  struct stat Stat(const std::string& name) const {
    struct stat st {};
    EXPECT_EQ(lstat(Path(name).c_str(), &st), 0) << name;
    return st;
  }
  // Runs in a child that is nobody, with no capabilities. What it returns is the exit code.
  template <class Body>
  int AsNobody(Body body) const {
    const pid_t child = fork();
    if (child == 0) _exit(setgid(65534) == 0 && setuid(65534) == 0 ? body() : 99);
    int status = -1;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }
  // The clock of file times is coarse.
  static void LetTheClockTick() { usleep(20000); }
};
FL_IN_BOTH_CACHE_MODES(Attributes);

TEST_P(Attributes, ModeAndOwnerAreKept) {
  WriteFile("a", "");
  ASSERT_SYS(chmod(Path("a").c_str(), 01640));
  ASSERT_SYS(chown(Path("a").c_str(), 17, 18));
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(Stat("a").st_mode & kBits, 01640u);
    EXPECT_EQ(Stat("a").st_uid, 17u);
    EXPECT_EQ(Stat("a").st_gid, 18u);
    Remount();
  }
}

TEST_P(Attributes, TimesAreKeptToTheNanosecond) {
  WriteFile("a", "");
  const timespec times[2] = {{1000000001, 123456789}, {-5, 987654321}};
  ASSERT_SYS(utimensat(AT_FDCWD, Path("a").c_str(), times, 0));
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_TRUE(Stat("a").st_atim == times[0]);
    EXPECT_TRUE(Stat("a").st_mtim == times[1]);
    Remount();
  }
}

TEST_P(Attributes, WriteMovesMtimeAndCtime) {
  WriteFile("a", "1");
  const struct stat before = Stat("a");
  LetTheClockTick();
  { EXPECT_EQ(pwrite(Open("a", O_WRONLY).get(), "2", 1, 0), 1); }
  EXPECT_TRUE(before.st_mtim < Stat("a").st_mtim);
  EXPECT_TRUE(before.st_ctim < Stat("a").st_ctim);
}

TEST_P(Attributes, ChmodMovesCtimeOnly) {
  WriteFile("a", "1");
  const struct stat before = Stat("a");
  LetTheClockTick();
  ASSERT_SYS(chmod(Path("a").c_str(), 0600));
  EXPECT_TRUE(before.st_mtim == Stat("a").st_mtim);
  EXPECT_TRUE(before.st_ctim < Stat("a").st_ctim);
}

TEST_P(Attributes, NewEntryMovesTimesOfItsDirectory) {
  const struct stat before = Stat("");
  LetTheClockTick();
  WriteFile("a", "");
  const struct stat between = Stat("");
  EXPECT_TRUE(before.st_mtim < between.st_mtim);
  LetTheClockTick();
  ASSERT_SYS(unlink(Path("a").c_str()));
  EXPECT_TRUE(between.st_mtim < Stat("").st_mtim);
}

TEST_P(Attributes, BlocksCountWhatIsAllocated) {
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  ASSERT_SYS(ftruncate(file.get(), 1 << 30));
  EXPECT_EQ(Stat("a").st_blocks, 0);
  const std::string data(1 << 20, 'x');
  ASSERT_EQ(pwrite(file.get(), data.data(), data.size(), 0), 1 << 20);
  ASSERT_SYS(fsync(file.get()));
  // With a write-back cache the kernel asks at most once a second.
  for (int i = 0; i < 1000 && Stat("a").st_blocks == 0; ++i) usleep(10000);
  EXPECT_EQ(Stat("a").st_blocks, (1 << 20) / 512);
}

TEST_P(Attributes, WriteOfAnotherUserTakesSetIdBits) {
  WriteFile("a", "1");
  ASSERT_SYS(chmod(Path("a").c_str(), 06777));
  const std::string path = Path("a");
  EXPECT_EQ(AsNobody([&] { return pwrite(open(path.c_str(), O_WRONLY), "2", 1, 0) == 1 ? 0 : 1; }),
            0);
  EXPECT_EQ(Stat("a").st_mode & kBits, 0777u);
}

TEST_P(Attributes, TruncateByAnotherUserTakesSetIdBits) {
  WriteFile("a", "12345");
  ASSERT_SYS(chmod(Path("a").c_str(), 06777));
  EXPECT_EQ(AsNobody([this] { return truncate(Path("a").c_str(), 1) == 0 ? 0 : 1; }), 0);
  EXPECT_EQ(Stat("a").st_mode & kBits, 0777u);
}

TEST_P(Attributes, WriteOfRootKeepsSetIdBits) {
  WriteFile("a", "1");
  ASSERT_SYS(chmod(Path("a").c_str(), 06777));
  { EXPECT_EQ(pwrite(Open("a", O_WRONLY).get(), "2", 1, 0), 1); }
  EXPECT_EQ(Stat("a").st_mode & kBits, 06777u);
}

TEST_P(Attributes, ChownTakesSetIdBitsOfAFile) {
  WriteFile("a", "1");
  ASSERT_SYS(chmod(Path("a").c_str(), 06777));
  ASSERT_SYS(chown(Path("a").c_str(), 5, 5));
  EXPECT_EQ(Stat("a").st_mode & kBits, 0777u);
}

TEST_P(Attributes, ChownKeepsSetgidOfADirectory) {
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  ASSERT_SYS(chmod(Path("d").c_str(), 02775));
  ASSERT_SYS(chown(Path("d").c_str(), 5, 5));
  EXPECT_EQ(Stat("d").st_mode & kBits, 02775u);
}

// execve(2): a set-id program runs as its owner. What is mounted by root is mounted like a disk.
TEST_P(Attributes, SetIdIsHonouredOnAMountOfRoot) {
  struct statvfs st;
  ASSERT_SYS(statvfs(mount_point_.c_str(), &st));
  EXPECT_EQ(st.f_flag & (ST_NOSUID | ST_NODEV), 0u);
}

TEST_P(Attributes, StatfsCountsFreeSpaceDown) {
  struct statvfs before, after;
  ASSERT_SYS(statvfs(mount_point_.c_str(), &before));
  EXPECT_EQ(before.f_bsize, 4096u);
  EXPECT_EQ(before.f_namemax, 255u);
  WriteFile("a", std::string(16 << 20, 'x'));
  { EXPECT_SYS(fsync(Open("a", O_RDONLY).get())); }
  ASSERT_SYS(statvfs(mount_point_.c_str(), &after));
  EXPECT_EQ(after.f_blocks, before.f_blocks);
  EXPECT_GE(before.f_bfree - after.f_bfree, (16u << 20) / 4096);
}

TEST_P(Attributes, ExtendedAttributesAreNotThereYet) {
  WriteFile("a", "");
  EXPECT_ERRNO(setxattr(Path("a").c_str(), "user.x", "1", 1, 0), EOPNOTSUPP);
  EXPECT_ERRNO(getxattr(Path("a").c_str(), "user.x", nullptr, 0), EOPNOTSUPP);
}

}  // namespace
}  // namespace faultline
