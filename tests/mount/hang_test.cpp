// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/control_protocol.h"
#include "mount/mount_fixture.h"

#ifdef FAULTLINE_TEST_POINTS

namespace faultline {
namespace {

using test::CommandResult;
using test::RunCommand;
using testing::HasSubstr;

// A read that the daemon holds back for a while, and what can be seen of it from outside.
class Hang : public test::MountTest {
 protected:
  void MountWithSlowReads(const std::string& options) {
    Mount();
    WriteFile("f", std::string(4096, 'x'));
    Remount("test_point=fs.read.sampled=delay:2000ms," + options);
    reading_ = std::async(std::launch::async, [this] {
      char byte = 0;
      UniqueFd file = Open("f", O_RDONLY);
      return pread(file.get(), &byte, 1, 0) < 0 ? errno : 0;
    });
  }

  nlohmann::json Locks() {
    const CommandResult locks = RunCommand({"faultline", "locks", mount_point_, "--json"});
    return nlohmann::json::parse(locks.out, nullptr, false);
  }

  static bool Eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  std::future<int> reading_;
};

TEST_F(Hang, IsLoggedOnceAndNothingElseHappens) {
  MountWithSlowReads("hang_timeout=0.1");
  EXPECT_EQ(reading_.get(), 0);
  const std::string log = Log();
  const size_t found = log.find(" has been served for ");
  ASSERT_NE(found, std::string::npos);
  EXPECT_EQ(log.find(" has been served for ", found + 1), std::string::npos);
  EXPECT_THAT(log, HasSubstr("READ"));
}

TEST_F(Hang, OnHangAbortEndsTheMount) {
  ExpectErrorsInLog();
  MountWithSlowReads("hang_timeout=0.1,on_hang=abort");
  EXPECT_THAT(reading_.get(), testing::AnyOf(ECONNABORTED, ENOTCONN, EIO));
  EXPECT_THAT(Log(), HasSubstr("on_hang=abort"));
  EXPECT_TRUE(Eventually([this] {
    return RunCommand({"flock", "-n", store_ + "/lock", "true"}).status == 0;
  })) << "the daemon does not end";
  EXPECT_FALSE(IsMounted());
}

TEST_F(Hang, LocksShowsWhatIsServed) {
  MountWithSlowReads("lock_statistics");
  EXPECT_TRUE(Eventually([this] {
    const nlohmann::json locks = Locks();
    for (const auto& request : locks["requests"])
      if (request["name"] == "READ" && !request["holds"].empty()) return true;
    return false;
  }));
  const CommandResult table = RunCommand({"faultline", "locks", mount_point_});
  EXPECT_THAT(table.out, HasSubstr("READ"));
  EXPECT_THAT(table.out, HasSubstr("0 violations"));
  EXPECT_EQ(reading_.get(), 0);
}

// The edges alone are more than one page of the ioctl.
TEST_F(Hang, LocksArriveInPages) {
  Mount("lock_statistics");
  WriteFile("f", "x");
  const nlohmann::json locks = Locks();
  ASSERT_TRUE(locks.is_object());
  EXPECT_GT(locks.dump().size(), 2 * control::kTextSize);
  EXPECT_FALSE(locks["hold_times"].empty());
  const CommandResult graph = RunCommand({"faultline", "locks", mount_point_, "--dot"});
  EXPECT_THAT(graph.out, HasSubstr("digraph"));
  EXPECT_THAT(graph.out, HasSubstr("style=dotted"));
}

}  // namespace
}  // namespace faultline

#endif
