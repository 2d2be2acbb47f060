// SPDX-License-Identifier: GPL-2.0-or-later
// Ways to hang a FUSE mount through the kernel. Each test holds a request at a point of the daemon
// where, with one wrong lock or wait, the next request would wait for it and it for the next one.
// They pass when everything completes; otherwise the fixture aborts the connection and the calls
// fail.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/control_protocol.h"
#include "mount/mapped_bytes.h"
#include "mount/mount_fixture.h"

#ifdef FAULTLINE_TEST_POINTS

namespace faultline {
namespace {

using test::MappedBytes;
using test::RunCommand;

constexpr size_t kPage = 4096;
constexpr int kPunch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

class Deadlock : public test::CacheModeTest {
 protected:
  // Every request of that kind stays there for a while.
  void RemountHolding(const std::string& point, int milliseconds = 400) {
    Remount(Mode() + ",test_point=" + point + "=delay:" + std::to_string(milliseconds) + "ms");
  }

  // errno of a call that is made in a thread of its own, or 0.
  static std::future<int> Async(std::function<int()> call) {
    return std::async(std::launch::async, [call] { return call() < 0 ? errno : 0; });
  }

  // Until the daemon is serving `count` requests of that name.
  bool AwaitServed(const std::string& name, size_t count = 1) {
    for (int i = 0; i < 500; ++i) {
      if (CountServed(name) >= count) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  UniqueFd FileOf(const std::string& name, size_t pages) {
    WriteFile(name, std::string(pages * kPage, 'o'));
    return Open(name, O_RDWR);
  }

  // What a mount must always answer, whatever else is stuck.
  void ExpectAlive() {
    struct statfs st;
    EXPECT_EQ(statfs(mount_point_.c_str(), &st), 0);
    EXPECT_EQ(access(Path("alive").c_str(), F_OK), 0);
    EXPECT_EQ(ReadFile("alive"), "yes");
    EXPECT_EQ(RunCommand({"faultline", "status", mount_point_}).status, 0);
  }

 private:
  // The ioctl itself: a child would close what it inherits of the files, and that waits for their
  // writeback.
  std::string Locks() const {
    UniqueFd root(open(mount_point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    auto message = std::make_unique<control::Message>();
    std::string text;
    do {
      message->offset = text.size();
      if (ioctl(root.get(), control::kLocks, message.get()) != 0) return {};
      text.append(message->text, message->text_size);
    } while (message->text_size != 0 && text.size() < message->total_size);
    return text;
  }

  size_t CountServed(const std::string& name) const {
    const nlohmann::json locks = nlohmann::json::parse(Locks(), nullptr, false);
    if (!locks.is_object()) return 0;
    size_t count = 0;
    for (const auto& request : locks["requests"]) count += request["name"] == name;
    return count;
  }
};
FL_IN_BOTH_CACHE_MODES(Deadlock);

// The invalidation waits for the page that the READ has locked; the READ must not wait for the
// punch.
TEST_P(Deadlock, PunchDuringAReadOfItsPages) {
  FileOf("f", 8);
  RemountHolding("fs.read.sampled");
  UniqueFd file = Open("f", O_RDWR);
  char byte;
  auto read = Async([&] { return pread(file.get(), &byte, 1, 0); });
  ASSERT_TRUE(AwaitServed("READ"));
  EXPECT_EQ(Async([&] { return fallocate(file.get(), kPunch, 0, 8 * kPage); }).get(), 0);
  EXPECT_EQ(read.get(), 0);
  EXPECT_EQ(pread(file.get(), &byte, 1, 0), 1);
  EXPECT_EQ(byte, 0);
}

// As above, with a page under writeback.
TEST_P(Deadlock, PunchDuringWriteback) {
  FileOf("f", 8);
  RemountHolding("fs.write.placed");
  UniqueFd file = Open("f", O_RDWR);
  MappedBytes map(file, 8 * kPage);
  for (size_t page = 0; page < 8; ++page) map[page * kPage] = 'n';
  auto sync = Async([&] { return map.Sync(); });
  ASSERT_TRUE(AwaitServed("WRITE"));
  EXPECT_EQ(Async([&] { return fallocate(file.get(), kPunch, 0, 8 * kPage); }).get(), 0);
  EXPECT_EQ(sync.get(), 0);
}

// While SETATTR(size) is unanswered the kernel lets no writeback of the inode begin, so it must not
// wait for anything that waits for writeback.
TEST_P(Deadlock, TruncateBesideWritebackPunchAndUnmap) {
  FileOf("f", 16);
  RemountHolding("fs.truncate.published");
  UniqueFd file = Open("f", O_RDWR);
  auto map = std::make_unique<MappedBytes>(file, 8 * kPage);
  (*map)[0] = 'n';
  auto truncate = Async([&] { return ftruncate(file.get(), 8 * kPage); });
  ASSERT_TRUE(AwaitServed("SETATTR"));
  auto punch = Async([&] { return fallocate(file.get(), kPunch, kPage, kPage); });
  auto sync = Async([&] { return fsync(file.get()); });
  map.reset();  // munmap writes back and waits
  EXPECT_EQ(truncate.get(), 0);
  EXPECT_EQ(punch.get(), 0);
  EXPECT_EQ(sync.get(), 0);
}

// One thread stores to a page under writeback, with the mapping locked for reading; another wants
// that lock for writing, and everybody who faults queues behind it.
TEST_P(Deadlock, StoreAndUnmapDuringWriteback) {
  FileOf("f", 8);
  RemountHolding("fs.write.placed");
  UniqueFd file = Open("f", O_RDWR);
  auto map = std::make_unique<MappedBytes>(file, 4 * kPage);
  auto other = std::make_unique<MappedBytes>(file, 8 * kPage);
  (*map)[0] = 'n';
  auto sync = Async([&] { return fdatasync(file.get()); });
  ASSERT_TRUE(AwaitServed("WRITE"));
  auto store = Async([&] { return (*map)[0] = 's', 0; });
  auto unmap = Async([&] { return other.reset(), 0; });
  EXPECT_EQ((*map).Load(4 * kPage - 1), 'o');  // a fault behind both
  EXPECT_EQ(store.get(), 0);
  EXPECT_EQ(unmap.get(), 0);
  EXPECT_EQ(sync.get(), 0);
}

// Each holds its own file's lock and faults on the other one's page.
TEST_P(Deadlock, TwoFilesWrittenFromEachOthersMappings) {
  FileOf("a", 8);
  FileOf("b", 8);
  RemountHolding("fs.read.sampled");
  UniqueFd a = Open("a", O_RDWR | O_DIRECT), b = Open("b", O_RDWR | O_DIRECT);
  MappedBytes map_a(a, 8 * kPage), map_b(b, 8 * kPage);
  auto first = Async([&] { return pwrite(a.get(), map_b.Address(), 8 * kPage, 0); });
  auto second = Async([&] { return pwrite(b.get(), map_a.Address(), 8 * kPage, 0); });
  EXPECT_EQ(first.get(), 0);
  EXPECT_EQ(second.get(), 0);
}

// Requests that wait for a commit, many times the number of workers, keep no worker.
TEST_P(Deadlock, FsyncsManyTimesTheWorkersLeaveSomebodyToAnswer) {
  constexpr size_t kCallers = 200;
  WriteFile("alive", "yes");
  for (size_t i = 0; i < kCallers; ++i) WriteFile("f" + std::to_string(i), "x");
  RemountHolding("store.commit.closed", 3000);
  EXPECT_EQ(ReadFile("alive"), "yes");
  std::vector<std::future<int>> syncs;
  for (size_t i = 0; i < kCallers; ++i)
    syncs.push_back(Async([this, i] {
      UniqueFd file = Open("f" + std::to_string(i), O_RDWR);
      return pwrite(file.get(), "y", 1, 0) == 1 ? fsync(file.get()) : -1;
    }));
  ASSERT_TRUE(AwaitServed("FSYNC", kCallers / 2));
  ExpectAlive();
  EXPECT_THAT(syncs, testing::Contains(testing::Truly([](const std::future<int>& sync) {
                return sync.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
              })))
      << "nothing was held: this tested nothing";
  for (auto& sync : syncs) EXPECT_EQ(sync.get(), 0);
}

// Without an answer to INTERRUPT it would stay in D state until the commit is done.
TEST_P(Deadlock, KilledFsyncEndsAtOnce) {
  WriteFile("f", "x");
  WriteFile("g", "x");
  RemountHolding("store.commit.closed", 3000);
  const auto write_and_sync = [this](const char* name) {
    UniqueFd file = Open(name, O_RDWR);
    return pwrite(file.get(), "y", 1, 0) == 1 ? fsync(file.get()) : -1;
  };
  auto other = Async([&] { return write_and_sync("g"); });
  ASSERT_TRUE(AwaitServed("FSYNC"));
  const pid_t child = fork();
  if (child == 0) _exit(write_and_sync("f") == 0 ? 0 : 1);
  ASSERT_TRUE(AwaitServed("FSYNC", 2));
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_NE(other.wait_for(std::chrono::seconds(0)), std::future_status::ready)
      << "nothing was held: this tested nothing";
  EXPECT_EQ(other.get(), 0);
}

// A local file system's fsync(2) is not interrupted by a signal that is handled.
TEST_P(Deadlock, HandledSignalDoesNotInterruptFsync) {
  WriteFile("f", "x");
  RemountHolding("store.commit.closed", 1000);
  const pid_t child = fork();
  if (child == 0) {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, nullptr);
    UniqueFd file = Open("f", O_RDWR);
    _exit(pwrite(file.get(), "y", 1, 0) == 1 && fsync(file.get()) == 0 ? 0 : 1);
  }
  ASSERT_TRUE(AwaitServed("FSYNC"));
  ASSERT_EQ(kill(child, SIGUSR1), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// As above, waiting for the notifier.
TEST_P(Deadlock, PunchesManyTimesTheWorkersLeaveSomebodyToAnswer) {
  constexpr size_t kCallers = 200;
  WriteFile("alive", "yes");
  for (size_t i = 0; i < kCallers; ++i) FileOf("f" + std::to_string(i), 1);
  RemountHolding("fuse.notifier.invalidated", 15);
  EXPECT_EQ(ReadFile("alive"), "yes");
  std::vector<std::future<int>> punches;
  for (size_t i = 0; i < kCallers; ++i)
    punches.push_back(Async([this, i] {
      UniqueFd file = Open("f" + std::to_string(i), O_RDWR);
      char byte;
      if (pread(file.get(), &byte, 1, 0) != 1) return -1;
      return fallocate(file.get(), kPunch, 0, kPage);
    }));
  ASSERT_TRUE(AwaitServed("FALLOCATE", kCallers / 2));
  ExpectAlive();
  for (auto& punch : punches) EXPECT_EQ(punch.get(), 0);
}

}  // namespace
}  // namespace faultline

#endif
