// SPDX-License-Identifier: GPL-2.0-or-later
// Mappings, and what kills their pages.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "mount/mapped_bytes.h"
#include "mount/mount_fixture.h"

namespace faultline {
namespace {

using test::MappedBytes;

constexpr size_t kPage = 4096;
constexpr int kPunch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

class Mapping : public test::CacheModeTest {
 protected:
  UniqueFd FileOf(size_t pages, char fill) {
    WriteFile("a", std::string(pages * kPage, fill));
    return Open("a", O_RDWR);
  }
  static char ByteAt(const UniqueFd& file, off_t offset) {
    char byte = '?';
    EXPECT_EQ(pread(file.get(), &byte, 1, offset), 1) << std::strerror(errno);
    return byte;
  }
  // In a child, because it may be killed by the signal that is returned.
  template <class Body>
  static int SignalOf(Body body) {
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGBUS, SIG_DFL);
      signal(SIGSEGV, SIG_DFL);
      body();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
};
FL_IN_BOTH_CACHE_MODES(Mapping);

TEST_P(Mapping, StoreIsSeenByReadAndByEveryMapping) {
  UniqueFd file = FileOf(4, 'a');
  MappedBytes one(file, 4 * kPage), two(file, 4 * kPage);
  ASSERT_TRUE(one.Valid() && two.Valid());
  one[kPage + 5] = 'b';
  EXPECT_EQ(two[kPage + 5], 'b');
  EXPECT_EQ(ByteAt(file, kPage + 5), 'b');
}

TEST_P(Mapping, WriteIsSeenInTheMapping) {
  UniqueFd file = FileOf(4, 'a');
  MappedBytes map(file, 4 * kPage);
  EXPECT_EQ(map[3 * kPage], 'a');
  ASSERT_EQ(pwrite(file.get(), "b", 1, 3 * kPage), 1);
  EXPECT_EQ(map[3 * kPage], 'b');
}

TEST_P(Mapping, SyncedStoreSurvivesTheDeathOfTheDaemon) {
  UniqueFd file = FileOf(4, 'a');
  {
    MappedBytes map(file, 4 * kPage);
    map[2 * kPage] = 'b';
    ASSERT_SYS(map.Sync());
  }
  const pid_t daemon = DaemonPid();
  ASSERT_GT(daemon, 1);
  ASSERT_SYS(kill(daemon, SIGKILL));
  file.Reset();
  ASSERT_EQ(test::RunCommand({"umount", "-l", mount_point_}).status, 0);
  Mount(Mode());
  EXPECT_EQ(ReadFile("a").substr(2 * kPage, 1), "b");
}

TEST_P(Mapping, StoreSurvivesUnmountWithoutSync) {
  {
    UniqueFd file = FileOf(4, 'a');
    MappedBytes map(file, 4 * kPage);
    map[kPage] = 'b';
  }
  Remount();
  EXPECT_EQ(ReadFile("a").substr(kPage, 1), "b");
}

TEST_P(Mapping, PrivateStoreStaysPrivate) {
  UniqueFd file = FileOf(1, 'a');
  MappedBytes map(file, kPage, MAP_PRIVATE);
  map[0] = 'b';
  EXPECT_EQ(ByteAt(file, 0), 'a');
}

TEST_P(Mapping, AccessBeyondTheEndIsSigbus) {
  UniqueFd file = FileOf(1, 'a');
  MappedBytes map(file, 4 * kPage);
  EXPECT_EQ(SignalOf([&] { map.Load(2 * kPage); }), SIGBUS);
  EXPECT_EQ(SignalOf([&] { map[2 * kPage] = 'x'; }), SIGBUS);
  ASSERT_SYS(ftruncate(file.get(), 4 * kPage));
  EXPECT_EQ(SignalOf([&] { map[2 * kPage] = 'x'; }), 0);
}

TEST_P(Mapping, TruncatedPageIsSigbusAndComesBackAsZeros) {
  UniqueFd file = FileOf(4, 'a');
  MappedBytes map(file, 4 * kPage);
  map[3 * kPage] = 'b';
  ASSERT_SYS(ftruncate(file.get(), kPage));
  EXPECT_EQ(SignalOf([&] { map.Load(3 * kPage); }), SIGBUS);
  ASSERT_SYS(ftruncate(file.get(), 4 * kPage));
  EXPECT_EQ(map[3 * kPage], '\0');
  EXPECT_EQ(map[0], 'a');
}

TEST_P(Mapping, StoreBehindTheEndInTheLastPageIsNotKept) {
  WriteFile("a", "short");
  UniqueFd file = Open("a", O_RDWR);
  {
    MappedBytes map(file, kPage);
    map[100] = 'x';
    ASSERT_SYS(map.Sync());
  }
  ASSERT_SYS(ftruncate(file.get(), kPage));
  EXPECT_EQ(ByteAt(file, 100), '\0');
}

TEST_P(Mapping, PunchedPageIsZeroInTheMapping) {
  UniqueFd file = FileOf(8, 'a');
  MappedBytes map(file, 8 * kPage);
  for (size_t page = 0; page < 8; ++page) map[page * kPage] = 'b';  // dirty
  ASSERT_SYS(fallocate(file.get(), kPunch, 2 * kPage, 3 * kPage));
  for (size_t page = 0; page < 8; ++page)
    EXPECT_EQ(map[page * kPage], page >= 2 && page < 5 ? '\0' : 'b') << page;
  ASSERT_SYS(map.Sync());
  EXPECT_EQ(ByteAt(file, 2 * kPage), '\0');
}

TEST_P(Mapping, MappingOutlivesItsDescriptorAndItsName) {
  UniqueFd file = FileOf(2, 'a');
  MappedBytes map(file, 2 * kPage);
  file.Reset();
  ASSERT_SYS(unlink(Path("a").c_str()));
  map[kPage] = 'b';
  ASSERT_SYS(map.Sync());
  EXPECT_EQ(map[kPage], 'b');
  EXPECT_EQ(map[0], 'a');
}

TEST_P(Mapping, ForkedChildSharesIt) {
  UniqueFd file = FileOf(1, 'a');
  MappedBytes map(file, kPage);
  EXPECT_EQ(SignalOf([&] { map[7] = 'c'; }), 0);
  EXPECT_EQ(map[7], 'c');
}

// What a page-killer is for. A thread stores into the range all the time; once the call has
// returned, what it stored before the call must be gone. A store made meanwhile may be there or
// not.
class PageKiller : public Mapping {
 protected:
  // Rounds of: fill with 'o' (old); a storer stores 'o'; kill; the storer stops; now a store of 'o'
  // from before the call shows in a page that the storer did not touch after it.
  template <class Kill>
  void Race(Kill kill, char expected) {
    constexpr size_t kPages = 8;
    UniqueFd file = FileOf(kPages, 'o');
    MappedBytes map(file, kPages * kPage);
    ASSERT_TRUE(map.Valid());
    for (int round = 0; round < 200; ++round) {
      ASSERT_EQ(pwrite(file.get(), std::string(kPages * kPage, 'o').data(), kPages * kPage, 0),
                static_cast<ssize_t>(kPages * kPage));
      std::atomic<bool> stop{false};
      std::thread storer([&] {
        while (!stop) {
          for (size_t page = 0; page < kPages; ++page) map[page * kPage] = 's';
        }
      });
      kill(file, kPages * kPage);
      stop = true;
      storer.join();
      // The storer wrote the first byte of each page; all others were only there before.
      for (size_t page = 0; page < kPages; ++page)
        ASSERT_EQ(map[page * kPage + 1], expected) << "round " << round << ", page " << page;
      posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
      for (size_t page = 0; page < kPages; ++page)
        ASSERT_EQ(ByteAt(file, static_cast<off_t>(page * kPage + 1)), expected)
            << "round " << round << ", page " << page;
    }
  }
};
FL_IN_BOTH_CACHE_MODES(PageKiller);

TEST_P(PageKiller, NothingOldIsSeenAfterPunch) {
  Race([](const UniqueFd& file,
          size_t size) { ASSERT_SYS(fallocate(file.get(), kPunch, 0, static_cast<off_t>(size))); },
       '\0');
}

TEST_P(PageKiller, NothingOldIsSeenAfterZeroRange) {
  Race(
      [](const UniqueFd& file, size_t size) {
        ASSERT_SYS(fallocate(file.get(), FALLOC_FL_ZERO_RANGE, 0, static_cast<off_t>(size)));
      },
      '\0');
}

TEST_P(PageKiller, NothingOldIsSeenAfterDirectWrite) {
  UniqueFd direct = Open("a", O_CREAT | O_RDWR | O_DIRECT);
  auto buffer = std::unique_ptr<char, decltype(&std::free)>(
      static_cast<char*>(std::aligned_alloc(kPage, 8 * kPage)), std::free);
  std::memset(buffer.get(), 'n', 8 * kPage);
  Race(
      [&](const UniqueFd&, size_t size) {
        ASSERT_EQ(pwrite(direct.get(), buffer.get(), size, 0), static_cast<ssize_t>(size));
      },
      'n');
}

TEST_P(PageKiller, NothingOldIsSeenAfterCopyFileRange) {
  WriteFile("source", std::string(8 * kPage, 'n'));
  UniqueFd source = Open("source", O_RDONLY);
  Race(
      [&](const UniqueFd& file, size_t size) {
        off_t in = 0, out = 0;
        ASSERT_EQ(copy_file_range(source.get(), &in, file.get(), &out, size, 0),
                  static_cast<ssize_t>(size));
      },
      'n');
}

}  // namespace
}  // namespace faultline
