// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "support/command.h"

namespace faultline::test {

/// Ends a FUSE connection that is still there after a time, so that what hangs on it gets an error
/// instead of hanging for ever. The only way out once the daemon is stuck in the kernel.
class AbortTimer {
 public:
  AbortTimer(unsigned connection, std::chrono::seconds limit);
  ~AbortTimer();
  bool Fired() const { return fired_; }

 private:
  std::mutex mu_;
  std::condition_variable ended_;
  bool stop_ = false;
  std::atomic<bool> fired_{false};
  std::thread thread_;
};

/// A store in a directory of its own, mounted with the programs under test. At the end: unmounted,
/// the log without errors, the store without damage.
class MountTest : public testing::Test {
 protected:
  static constexpr std::chrono::seconds kLimit{60};

  void SetUp() override;
  void TearDown() override;

  /// Makes the store (once) and mounts it. `options` for -o.
  void Mount(const std::string& options = "");
  CommandResult TryMount(const std::string& options);
  void Unmount();
  void Remount(const std::string& options = "");
  void MakeStore();

  bool IsMounted() const;
  pid_t DaemonPid() const;
  std::string Log() const;
  /// For tests that make the daemon complain on purpose.
  void ExpectErrorsInLog() { errors_expected_ = true; }

  std::string Path(const std::string& name) const { return mount_point_ + "/" + name; }
  UniqueFd Open(const std::string& name, int flags, mode_t mode = 0644) const;
  void WriteFile(const std::string& name, const std::string& data) const;
  std::string ReadFile(const std::string& name) const;

  std::string directory_;  // everything of this test
  std::string store_;
  std::string mount_point_;
  std::string size_ = "256M";

 private:
  std::string options_;
  bool errors_expected_ = false;
  std::unique_ptr<AbortTimer> timer_;
};

/// The same in both cache modes: TEST_P in a suite derived from it.
class CacheModeTest : public MountTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (!IsSkipped()) Mount(Mode());
  }
  std::string Mode() const { return std::string("write_cache=") + GetParam(); }
};

inline std::string ModeName(const testing::TestParamInfo<const char*>& info) { return info.param; }

#define FL_IN_BOTH_CACHE_MODES(suite)                                                 \
  INSTANTIATE_TEST_SUITE_P(CacheMode, suite, testing::Values("through", "writeback"), \
                           faultline::test::ModeName)

/// `what` is a system call's result: not negative, or errno is shown.
#define ASSERT_SYS(what) ASSERT_GE((what), 0) << std::strerror(errno)
#define EXPECT_SYS(what) EXPECT_GE((what), 0) << std::strerror(errno)
#define EXPECT_ERRNO(what, code)                    \
  do {                                              \
    errno = 0;                                      \
    EXPECT_EQ((what), -1);                          \
    EXPECT_EQ(errno, code) << std::strerror(errno); \
  } while (false)

}  // namespace faultline::test
