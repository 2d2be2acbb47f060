// SPDX-License-Identifier: GPL-2.0-or-later
#include "mount/mount_fixture.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/mount_table.h"
#include "support/paths.h"

namespace faultline::test {
namespace {

std::string Slurp(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

AbortTimer::AbortTimer(unsigned connection, std::chrono::seconds limit) {
  thread_ = std::thread([this, connection, limit] {
    std::unique_lock<std::mutex> lock(mu_);
    if (ended_.wait_for(lock, limit, [this] { return stop_; })) return;
    fired_ = true;
    std::ofstream("/sys/fs/fuse/connections/" + std::to_string(connection) + "/abort") << 1;
  });
}

AbortTimer::~AbortTimer() {
  {
    std::lock_guard<std::mutex> lock(mu_);
    stop_ = true;
    ended_.notify_all();
  }
  thread_.join();
}

void MountTest::SetUp() {
  if (geteuid() != 0 || access("/dev/fuse", R_OK | W_OK) != 0)
    GTEST_SKIP() << "needs root and /dev/fuse";
  std::string pattern = testing::TempDir() + "faultline-mount-XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  ASSERT_EQ(chmod(pattern.c_str(), 0755), 0);  // for tests that act as somebody else
  directory_ = std::filesystem::canonical(pattern);
  store_ = directory_ + "/store";
  mount_point_ = directory_ + "/mnt";
  ASSERT_EQ(mkdir(mount_point_.c_str(), 0755), 0);
}

void MountTest::TearDown() {
  if (directory_.empty()) return;
  if (IsMounted()) Unmount();
  if (timer_) {
    EXPECT_FALSE(timer_->Fired()) << "the mount hung, its connection was aborted";
  }
  timer_.reset();
  if (IsMounted()) RunCommand({"umount", "-l", mount_point_});
  if (!errors_expected_) {
    EXPECT_THAT(Log(), testing::Not(testing::HasSubstr(" error: ")));
  }
  if (std::filesystem::exists(BinDirectory() / "fsck.faultline") &&
      std::filesystem::exists(store_ + "/FORMAT")) {
    const CommandResult fsck = RunCommand({"fsck.faultline", "-n", store_});
    EXPECT_EQ(fsck.status, 0) << fsck.out << fsck.err;
  }
  if (!HasFailure())
    std::filesystem::remove_all(directory_);
  else
    std::fprintf(stderr, "kept for a look: %s\n", directory_.c_str());
}

void MountTest::MakeStore() {
  if (std::filesystem::exists(store_)) return;
  const CommandResult made = RunCommand({"mkfs.faultline", "--size", size_, store_});
  ASSERT_EQ(made.status, 0) << made.err;
}

CommandResult MountTest::TryMount(const std::string& options) {
  std::vector<std::string> argv = {"mount.faultline", store_, mount_point_, "--log",
                                   directory_ + "/log"};
  if (!options.empty()) argv.insert(argv.end(), {"-o", options});
  return RunCommand(argv);
}

void MountTest::Mount(const std::string& options) {
  MakeStore();
  const CommandResult mounted = TryMount(options);
  ASSERT_EQ(mounted.status, 0) << mounted.err;
  Result<MountEntry> entry = FindMount(mount_point_);
  ASSERT_TRUE(entry);
  timer_ = std::make_unique<AbortTimer>(minor(entry->device), kLimit);
  options_ = options;
}

void MountTest::Unmount() {
  const CommandResult unmounted = RunCommand({"umount.faultline", mount_point_});
  EXPECT_EQ(unmounted.status, 0) << unmounted.err;
}

void MountTest::Remount(const std::string& options) {
  ASSERT_NO_FATAL_FAILURE(Unmount());
  Mount(options.empty() ? options_ : options);
}

bool MountTest::IsMounted() const { return FindMount(mount_point_).has_value(); }

pid_t MountTest::DaemonPid() const {
  const CommandResult status = RunCommand({"faultline", "status", mount_point_, "--json"});
  const auto json = nlohmann::json::parse(status.out, nullptr, false);
  return json.is_object() ? json.value("pid", -1) : -1;
}

std::string MountTest::Log() const { return Slurp(directory_ + "/log"); }

UniqueFd MountTest::Open(const std::string& name, int flags, mode_t mode) const {
  UniqueFd fd(open(Path(name).c_str(), flags | O_CLOEXEC, mode));
  EXPECT_TRUE(fd) << name << ": " << std::strerror(errno);
  return fd;
}

void MountTest::WriteFile(const std::string& name, const std::string& data) const {
  const UniqueFd file = Open(name, O_CREAT | O_WRONLY | O_TRUNC);
  EXPECT_EQ(pwrite(file.get(), data.data(), data.size(), 0), static_cast<ssize_t>(data.size()));
}

std::string MountTest::ReadFile(const std::string& name) const { return Slurp(Path(name)); }

}  // namespace faultline::test
