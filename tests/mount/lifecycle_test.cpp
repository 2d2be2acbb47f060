// SPDX-License-Identifier: GPL-2.0-or-later
// From mount to unmount: what is left behind, and who may do what when.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/mount_table.h"
#include "mount/mount_fixture.h"
#include "support/paths.h"

namespace faultline {
namespace {

using test::CommandResult;
using test::RunCommand;
using testing::HasSubstr;

class Lifecycle : public test::MountTest {
 protected:
  // Like another mount: the daemon holds it as long as it has the store open.
  bool StoreIsReleased() const {
    UniqueFd lock(open((store_ + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
    return flock(lock.get(), LOCK_EX | LOCK_NB) == 0;
  }
  template <class Condition>
  static bool Eventually(Condition condition) {
    for (int i = 0; i < 2000; ++i, usleep(10000))
      if (condition()) return true;
    return false;
  }
};

TEST_F(Lifecycle, MountTableShowsTypeSourceAndOptions) {
  Mount("noatime");
  Result<MountEntry> mount = FindMount(mount_point_);
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->type, "fuse.faultline");
  EXPECT_EQ(mount->source, store_);
  EXPECT_THAT(mount->options, HasSubstr("noatime"));
  EXPECT_THAT(mount->super_options, HasSubstr("default_permissions,allow_other"));
}

TEST_F(Lifecycle, UmountHelperReturnsWhenTheStoreIsReleased) {
  Mount();
  WriteFile("a", std::string(20 << 20, 'x'));
  Unmount();
  EXPECT_TRUE(StoreIsReleased());
}

TEST_F(Lifecycle, PlainUmountReleasesTheStoreSoon) {
  Mount();
  WriteFile("a", "x");
  ASSERT_EQ(RunCommand({"umount", "-i", mount_point_}).status, 0);
  EXPECT_TRUE(Eventually([this] { return StoreIsReleased(); }));
}

TEST_F(Lifecycle, MountWaitsForADaemonThatIsJustFinishing) {
  Mount();
  WriteFile("a", std::string(50 << 20, 'x'));
  ASSERT_EQ(RunCommand({"umount", "-i", mount_point_}).status, 0);
  Mount();
  EXPECT_EQ(std::filesystem::file_size(Path("a")), 50u << 20);
}

class Termination : public Lifecycle, public testing::WithParamInterface<int> {};

TEST_P(Termination, SignalUnmountsWithEverythingDurable) {
  Mount();
  WriteFile("a", "kept");
  ASSERT_SYS(kill(DaemonPid(), GetParam()));
  EXPECT_TRUE(Eventually([this] { return !IsMounted() && StoreIsReleased(); }));
  Mount();
  EXPECT_EQ(ReadFile("a"), "kept");
}
INSTANTIATE_TEST_SUITE_P(Signals, Termination, testing::Values(SIGTERM, SIGINT, SIGHUP),
                         [](const auto& param) { return std::string(strsignal(param.param)); });

TEST_F(Lifecycle, SignalWhileInUseLeavesOpenFilesUsable) {
  Mount();
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  ASSERT_SYS(kill(DaemonPid(), SIGTERM));
  ASSERT_TRUE(Eventually([this] { return !IsMounted(); }));
  EXPECT_EQ(pwrite(file.get(), "late", 4, 0), 4);
  EXPECT_FALSE(StoreIsReleased());
  file.Reset();
  EXPECT_TRUE(Eventually([this] { return StoreIsReleased(); }));
  Mount();
  EXPECT_EQ(ReadFile("a"), "late");
}

TEST_F(Lifecycle, SyncedDataSurvivesKill) {
  Mount("commit=300");
  {
    UniqueFd file = Open("a", O_CREAT | O_RDWR);
    ASSERT_EQ(pwrite(file.get(), "synced", 6, 0), 6);
    ASSERT_SYS(fsync(file.get()));
    ASSERT_SYS(kill(DaemonPid(), SIGKILL));
  }
  ASSERT_EQ(RunCommand({"umount", "-l", mount_point_}).status, 0);
  Mount();
  EXPECT_EQ(ReadFile("a"), "synced");
}

TEST_F(Lifecycle, UnsyncedChangesAreDurableAfterTheCommitInterval) {
  Mount("commit=0.05");
  WriteFile("a", "soon");
  auto durable = [this] {
    const std::string status = RunCommand({"faultline", "status", mount_point_, "--json"}).out;
    return status.find("\"pending_bytes\": 0,\n    \"last_seconds\"") != std::string::npos;
  };
  ASSERT_TRUE(Eventually(durable));
  ASSERT_SYS(kill(DaemonPid(), SIGKILL));
  ASSERT_EQ(RunCommand({"umount", "-l", mount_point_}).status, 0);
  Mount();
  EXPECT_EQ(ReadFile("a"), "soon");
}

TEST_F(Lifecycle, UnlinkedOpenFileIsGoneAfterACrash) {
  Mount();
  UniqueFd file = Open("a", O_CREAT | O_RDWR);
  const std::string data(10 << 20, 'x');
  ASSERT_EQ(pwrite(file.get(), data.data(), data.size(), 0), static_cast<ssize_t>(data.size()));
  ASSERT_SYS(unlink(Path("a").c_str()));
  ASSERT_SYS(fsync(file.get()));
  ASSERT_SYS(kill(DaemonPid(), SIGKILL));
  file.Reset();
  ASSERT_EQ(RunCommand({"umount", "-l", mount_point_}).status, 0);
  Mount();
  EXPECT_TRUE(Eventually([this] {
    const auto space = std::filesystem::space(mount_point_);
    return space.capacity - space.free < (2 << 20);
  }));
}

TEST_F(Lifecycle, MountPointOfADeadDaemonIsNamed) {
  Mount();
  ASSERT_SYS(kill(DaemonPid(), SIGKILL));
  ASSERT_TRUE(
      Eventually([this] { return access(Path("x").c_str(), F_OK) != 0 && errno == ENOTCONN; }));
  const CommandResult again = TryMount("");
  EXPECT_EQ(again.status, 32);
  EXPECT_THAT(again.err, HasSubstr("daemon that died"));
  const CommandResult status = RunCommand({"faultline", "status", mount_point_});
  EXPECT_EQ(status.status, 1);
  EXPECT_THAT(status.err, HasSubstr("has died"));
  EXPECT_EQ(RunCommand({"umount.faultline", mount_point_}).status, 0);
}

// The way out of a hang must not cost what was written before.
TEST_F(Lifecycle, AbortedConnectionIsUnmountedWithEverythingDurable) {
  Mount();
  WriteFile("a", "kept");
  const unsigned connection = minor(FindMount(mount_point_)->device);
  std::ofstream("/sys/fs/fuse/connections/" + std::to_string(connection) + "/abort") << 1;
  EXPECT_TRUE(Eventually([this] { return !IsMounted() && StoreIsReleased(); }));
  Mount();
  EXPECT_EQ(ReadFile("a"), "kept");
}

TEST_F(Lifecycle, MountPointIsUsedOnce) {
  Mount();
  const CommandResult again = TryMount("");
  EXPECT_EQ(again.status, 32);
  EXPECT_THAT(again.err, HasSubstr("already"));
}

TEST_F(Lifecycle, StoreIsMountedOnce) {
  Mount();
  const std::string second = directory_ + "/second";
  ASSERT_SYS(mkdir(second.c_str(), 0755));
  const CommandResult again = RunCommand({"mount.faultline", store_, second});
  EXPECT_EQ(again.status, 32);
  EXPECT_THAT(again.err, HasSubstr(mount_point_));
  EXPECT_FALSE(FindMount(second));
}

TEST_F(Lifecycle, ReadOnlyMountChangesNothing) {
  Mount();
  WriteFile("a", "fixed");
  Unmount();
  auto fingerprint = [this] {
    return RunCommand({"sh", "-c",
                       "cd " + store_ + " && find . -type f ! -name lock | sort | xargs md5sum"})
        .out;
  };
  const std::string before = fingerprint();
  Mount("ro");
  EXPECT_EQ(ReadFile("a"), "fixed");
  EXPECT_ERRNO(open(Path("a").c_str(), O_RDWR), EROFS);
  EXPECT_ERRNO(open(Path("new").c_str(), O_CREAT | O_WRONLY, 0644), EROFS);
  EXPECT_ERRNO(unlink(Path("a").c_str()), EROFS);
  EXPECT_ERRNO(truncate(Path("a").c_str(), 0), EROFS);
  Unmount();
  EXPECT_EQ(fingerprint(), before);
}

TEST_F(Lifecycle, ForegroundDaemonLogsToStderrAndEndsWithTheMount) {
  MakeStore();
  const CommandResult run = RunCommand({"sh", "-c",
                                        "(while ! umount -i '" + mount_point_ +
                                            "' 2>/dev/null; do sleep 0.05; done) & "
                                            "exec \"$0\" -f '" +
                                            store_ + "' '" + mount_point_ + "'",
                                        (test::BinDirectory() / "mount.faultline").string()});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("is mounted on"));
  EXPECT_THAT(run.err, HasSubstr("everything is durable"));
}

TEST_F(Lifecycle, CommandReturnsWhileItsOutputIsAPipe) {
  MakeStore();
  // A daemon that kept the pipe would keep cat.
  const CommandResult run = RunCommand(
      {"sh", "-c",
       "\"$0\" '" + store_ + "' '" + mount_point_ + "' --log '" + directory_ + "/log' 2>&1 | cat",
       (test::BinDirectory() / "mount.faultline").string()},
      std::chrono::seconds(30));
  EXPECT_EQ(run.status, 0);
  EXPECT_TRUE(IsMounted());
}

TEST_F(Lifecycle, ReadaheadIsAsWasAsked) {
  const auto has = [this](const std::string& bytes) {
    return RunCommand({"faultline", "status", mount_point_, "--json"})
               .out.find("\"max_readahead\": " + bytes + ",") != std::string::npos;
  };
  Mount();
  EXPECT_TRUE(has("2097152"));
  Remount("readahead=256");
  EXPECT_TRUE(has("262144"));
}

TEST_F(Lifecycle, StatusAnswersWhatIsMounted) {
  Mount("write_cache=writeback,commit=7");
  const CommandResult status = RunCommand({"faultline", "status", mount_point_});
  EXPECT_EQ(status.status, 0) << status.err;
  for (const std::string& part :
       {store_, std::string("write_cache=writeback"), std::string("every 7 s"),
        std::string("PARALLEL_DIROPS"), std::string("0 violations")})
    EXPECT_THAT(status.out, HasSubstr(part));
}

// Relative paths, a trailing slash, symbolic links: the daemon leaves the working directory.
TEST_F(Lifecycle, PathsMayBeRelative) {
  MakeStore();
  const CommandResult run = RunCommand(
      {"sh", "-c", "cd '" + directory_ + "' && ln -s store link && \"$0\" link mnt/ --log log",
       (test::BinDirectory() / "mount.faultline").string()});
  EXPECT_EQ(run.status, 0) << run.err;
  Result<MountEntry> mount = FindMount(mount_point_);
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->source, store_);
}

}  // namespace
}  // namespace faultline
