// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/session.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/control_protocol.h"
#include "fuse/control.h"
#include "fuse/waiting_calls.h"
#include "support/fake_filesystem.h"

namespace faultline::fuse {
namespace {

using std::chrono::seconds;
using test::FakeFilesystem;

// A real mount over a fake file system. Needs root (or fusermount3) and /dev/fuse.
class SessionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (access("/dev/fuse", R_OK | W_OK) != 0) GTEST_SKIP() << "no /dev/fuse";
    std::string pattern = testing::TempDir() + "session-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    mount_point_ = std::filesystem::canonical(pattern);
    SessionOptions options;
    options.source = "fake, \"with\" comma";
    options.mount_point = mount_point_;
    options.workers.workers = 4;
    auto session = Session::Mount(options, server_, notifier_);
    ASSERT_TRUE(session) << session.error().ToString();
    session_ = std::move(*session);
    session_->Start();
    auto ready = session_->WaitForInit(seconds(10));
    ASSERT_TRUE(ready) << ready.error().ToString();
  }

  void TearDown() override {
    filesystem_.ReleaseReads();
    session_.reset();
    if (!mount_point_.empty()) rmdir(mount_point_.c_str());
  }

  std::string Path(const std::string& name) const { return mount_point_ + "/" + name; }
  UniqueFd Open(const std::string& name, int flags) const {
    return UniqueFd(open(Path(name).c_str(), flags | O_CLOEXEC, 0644));
  }

  KernelNotifier notifier_;
  FakeFilesystem filesystem_{notifier_};
  Control control_;
  WaitingCalls waiting_;
  Server server_{filesystem_, control_, waiting_, {}};
  std::string mount_point_;
  std::unique_ptr<Session> session_;
};

TEST_F(SessionTest, IsMountedAsFaultlineFromItsSource) {
  auto mount = FindMount(mount_point_);
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->type, "fuse.faultline");
  EXPECT_EQ(mount->source, "fake, \"with\" comma");
  EXPECT_THAT(mount->super_options, testing::HasSubstr("default_permissions"));
}

TEST_F(SessionTest, KernelTakesTheFlagsThatLibfuseLoses) {
  const Negotiation negotiated = session_->Negotiated();
  for (const char* name : {"PARALLEL_DIROPS", "HANDLE_KILLPRIV_V2", "EXPLICIT_INVAL_DATA"}) {
    EXPECT_THAT(InitFlagNames(negotiated.offered), testing::Contains(name));
    EXPECT_THAT(InitFlagNames(negotiated.taken), testing::Contains(name));
  }
  for (const char* name : {"ATOMIC_O_TRUNC", "AUTO_INVAL_DATA", "WRITEBACK_CACHE"})
    EXPECT_THAT(InitFlagNames(negotiated.taken), testing::Not(testing::Contains(name)));
  EXPECT_EQ(negotiated.max_write, 1u << 20);
  EXPECT_EQ(negotiated.max_background, 512);
}

TEST_F(SessionTest, FileIsWrittenReadRenamedAndRemoved) {
  std::ofstream(Path("a")) << "hello";
  std::string text;
  std::getline(std::ifstream(Path("a")), text);
  EXPECT_EQ(text, "hello");
  ASSERT_EQ(mkdir(Path("d").c_str(), 0755), 0);
  ASSERT_EQ(rename(Path("a").c_str(), Path("d/b").c_str()), 0);
  EXPECT_NE(access(Path("a").c_str(), F_OK), 0);
  struct stat st;
  ASSERT_EQ(stat(Path("d/b").c_str(), &st), 0);
  EXPECT_EQ(st.st_size, 5);
  EXPECT_EQ(rmdir(Path("d").c_str()), -1);
  EXPECT_EQ(errno, ENOTEMPTY);
  EXPECT_EQ(unlink(Path("d/b").c_str()), 0);
  EXPECT_EQ(rmdir(Path("d").c_str()), 0);
}

TEST_F(SessionTest, DirectoryListsEveryNameOnce) {
  std::vector<std::string> made, listed;
  for (int i = 0; i < 500; ++i) {
    made.push_back("a rather long name of a file, number " + std::to_string(i));
    ASSERT_TRUE(Open(made.back(), O_CREAT | O_WRONLY));
  }
  for (const auto& entry : std::filesystem::directory_iterator(mount_point_))
    listed.push_back(entry.path().filename());
  EXPECT_THAT(listed, testing::UnorderedElementsAreArray(made));
}

TEST_F(SessionTest, EveryReferenceIsForgotten) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Open("f" + std::to_string(i), O_CREAT | O_WRONLY));
  for (int pass = 0; pass < 2; ++pass)
    for (const auto& entry : std::filesystem::directory_iterator(mount_point_))
      (void)entry.status();
  ASSERT_GT(filesystem_.seen().references, 0);
  // What the kernel forgets when its inodes go, not at the end of the connection.
  for (const auto& entry : std::filesystem::directory_iterator(mount_point_))
    std::filesystem::remove(entry.path());
  for (int i = 0; i < 500 && filesystem_.seen().references != 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(filesystem_.seen().references, 0);
}

TEST_F(SessionTest, KindsOfReadAndWriteAreToldApart) {
  UniqueFd file = Open("f", O_CREAT | O_RDWR);
  alignas(4096) static char page[4096] = {1};
  ASSERT_EQ(pwrite(file.get(), page, sizeof page, 0), 4096);
  void* map = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  ASSERT_NE(map, MAP_FAILED);
  static_cast<volatile char*>(map)[5] = 7;
  ASSERT_EQ(msync(map, 4096, MS_SYNC), 0);
  munmap(map, 4096);
  UniqueFd direct = Open("f", O_RDWR | O_DIRECT);
  ASSERT_EQ(pwrite(direct.get(), page, sizeof page, 0), 4096);
  ASSERT_EQ(pread(direct.get(), page, sizeof page, 0), 4096);
  ASSERT_EQ(pread(file.get(), page, sizeof page, 0), 4096);

  const FakeFilesystem::Seen seen = filesystem_.seen();
  EXPECT_EQ(seen.writes.at(fs::WriteKind::kBuffered), 1);
  EXPECT_EQ(seen.writes.at(fs::WriteKind::kWriteback), 1);
  EXPECT_EQ(seen.writes.at(fs::WriteKind::kDirect), 1);
  EXPECT_EQ(seen.reads.at(fs::ReadKind::kDirect), 1);
  EXPECT_GE(seen.reads.at(fs::ReadKind::kPageCache), 1);
}

TEST_F(SessionTest, PayloadOfEveryPageWriteIsPageAligned) {
  UniqueFd file = Open("f", O_CREAT | O_RDWR);
  std::vector<char> data(3 << 20, 'x');
  ASSERT_EQ(pwrite(file.get(), data.data(), data.size(), 0), static_cast<ssize_t>(data.size()));
  EXPECT_EQ(filesystem_.seen().unaligned_payloads, 0);
}

// The kernel wakes its readers in turn, so none of them waits with an old horizon for long.
TEST_F(SessionTest, HorizonFollowsTheWrites) {
  UniqueFd file = Open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(pwrite(file.get(), "x", 1, 0), 1);
  const uint64_t first = filesystem_.seen().last_write;
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(pwrite(file.get(), "x", 1, 0), 1);
  EXPECT_LE(filesystem_.seen().last_horizon, filesystem_.seen().last_write);
  EXPECT_GT(filesystem_.seen().last_horizon, first);
}

TEST_F(SessionTest, WriteByAnotherUserDropsSuid) {
  if (geteuid() != 0) GTEST_SKIP() << "not root";
  UniqueFd file = Open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(fchmod(file.get(), 04777), 0);
  const pid_t child = fork();
  if (child == 0) _exit(setuid(65534) == 0 && pwrite(file.get(), "x", 1, 0) == 1 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(filesystem_.seen().kills_of_suid, 1);
}

TEST_F(SessionTest, ReplyThatComesFromTheNotifierArrives) {
  UniqueFd file = Open("f", O_CREAT | O_RDWR);
  ASSERT_EQ(pwrite(file.get(), "abcdef", 6, 0), 6);
  ASSERT_EQ(fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1, 2), 0);
  char data[6];
  ASSERT_EQ(pread(file.get(), data, 6, 0), 6);
  EXPECT_EQ(std::string(data, 6), std::string("a\0\0def", 6));
  EXPECT_GE(notifier_.Count().completed, 1u);
}

TEST_F(SessionTest, HandlerWithoutMemoryIsEnomem) {
  UniqueFd file = Open("f", O_CREAT | O_RDWR);
  filesystem_.ThrowFromFsync();
  EXPECT_EQ(fsync(file.get()), -1);
  EXPECT_EQ(errno, ENOMEM);
  EXPECT_EQ(fsync(file.get()), 0);
}

TEST_F(SessionTest, UnsupportedFallocateIsEopnotsupp) {
  UniqueFd file = Open("f", O_CREAT | O_RDWR);
  EXPECT_EQ(fallocate(file.get(), FALLOC_FL_ZERO_RANGE, 0, 10), -1);
  EXPECT_EQ(errno, EOPNOTSUPP);
}

TEST_F(SessionTest, StatfsShowsUsage) {
  struct statfs st;
  ASSERT_EQ(statfs(mount_point_.c_str(), &st), 0);
  EXPECT_EQ(st.f_blocks, 1000u);
  EXPECT_EQ(st.f_bavail, 800u);
}

// With all workers in a handler, one more is there for what those handlers may depend on.
TEST_F(SessionTest, RequestIsServedWhileEveryFirstWorkerIsHeld) {
  constexpr int kHeld = 12;
  for (int i = 0; i < kHeld; ++i) {
    UniqueFd file = Open("f" + std::to_string(i), O_CREAT | O_RDWR);
    ASSERT_EQ(pwrite(file.get(), "x", 1, 0), 1);
  }
  filesystem_.HoldReads();
  std::vector<std::thread> readers;
  for (int i = 0; i < kHeld; ++i)
    readers.emplace_back([&, i] {
      alignas(4096) static thread_local char page[4096];
      UniqueFd direct = Open("f" + std::to_string(i), O_RDONLY | O_DIRECT);
      EXPECT_EQ(pread(direct.get(), page, sizeof page, 0), 1);
    });
  for (int i = 0; i < 1000 && filesystem_.seen().reads[fs::ReadKind::kDirect] < kHeld; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(filesystem_.seen().reads[fs::ReadKind::kDirect], kHeld);
  EXPECT_TRUE(Open("new", O_CREAT | O_WRONLY));
  filesystem_.ReleaseReads();
  for (std::thread& reader : readers) reader.join();
}

TEST_F(SessionTest, UnmountEndsTheSession) {
  { UniqueFd file = Open("f", O_CREAT | O_RDWR); }
  ASSERT_EQ(umount2(mount_point_.c_str(), 0), 0);
  session_->Join();  // the RELEASE, which close(2) does not wait for, may be lost
  EXPECT_FALSE(FindMount(mount_point_));
}

TEST_F(SessionTest, UnmountInUseIsLazyAndEndsWithTheLastFile) {
  UniqueFd file = Open("f", O_CREAT | O_RDWR);
  session_->Unmount();
  EXPECT_FALSE(FindMount(mount_point_));
  EXPECT_EQ(pwrite(file.get(), "x", 1, 0), 1);
  file.Reset();
  session_->Join();  // the RELEASE of that file may be lost: Filesystem::Shutdown knows
}

class ControlIoctl : public SessionTest {
 protected:
  void SetUp() override {
    control_.Register(control::kStatus, [] { return R"({"answer": 42})"; });
    SessionTest::SetUp();
  }
  int Ask(const std::string& path, unsigned long number) {
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return ioctl(fd.get(), number, &message_) == 0 ? 0 : errno;
  }
  control::Message message_;
};

TEST_F(ControlIoctl, IsAnsweredOnTheRoot) {
  EXPECT_EQ(Ask(mount_point_, control::kStatus), 0);
  EXPECT_EQ(std::string_view(message_.text, message_.text_size), R"({"answer": 42})");
}

TEST_F(ControlIoctl, IsRefusedElsewhere) {
  std::ofstream(Path("f")) << "x";
  EXPECT_EQ(Ask(Path("f"), control::kStatus), EINVAL);
}

TEST_F(ControlIoctl, UnknownCommandIsEnotty) {
  EXPECT_EQ(Ask(mount_point_, _IOWR(0xfa, 250, control::Message)), ENOTTY);
  EXPECT_EQ(Ask(mount_point_, _IO(0xfa, 1)), ENOTTY);
  EXPECT_EQ(Ask(mount_point_, _IOR(0xfa, 1, int)), ENOTTY);
}

TEST_F(ControlIoctl, OtherProtocolIsEinval) {
  message_.protocol = 77;
  EXPECT_EQ(Ask(mount_point_, control::kStatus), EINVAL);
}

}  // namespace
}  // namespace faultline::fuse
