// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace faultline {
namespace {

class LogTest : public testing::Test {
 protected:
  LogTest() : file_(std::filesystem::temp_directory_path() / fmt::format("log.{}", ::getpid())) {}
  ~LogTest() override {
    EXPECT_TRUE(log::Configure({}).has_value());
    std::filesystem::remove(file_);
  }
  std::string Contents() const {
    std::ostringstream text;
    text << std::ifstream(file_).rdbuf();
    return text.str();
  }
  const std::filesystem::path file_;
};

TEST_F(LogTest, FileHoldsWhatIsAtOrAboveTheLevel) {
  ASSERT_TRUE(log::Configure({log::Level::kWarning, log::Sink::kFile, file_, "me"}).has_value());
  LogInfo("too quiet");
  LogWarning("volume {} is {} % full", 3, 99);
  EXPECT_EQ(Contents().find("too quiet"), std::string::npos);
  EXPECT_NE(Contents().find("warning: volume 3 is 99 % full\n"), std::string::npos);
  EXPECT_NE(Contents().find("me["), std::string::npos);
}

TEST_F(LogTest, FileThatCannotBeOpenedIsAnErrorThatNamesIt) {
  auto result = log::Configure({log::Level::kInfo, log::Sink::kFile, "/nonexistent/x", "me"});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), ENOENT);
  EXPECT_NE(result.error().message().find("/nonexistent/x"), std::string::npos);
}

TEST_F(LogTest, BracesInArgumentsAreNotFormats) {
  ASSERT_TRUE(log::Configure({log::Level::kInfo, log::Sink::kFile, file_, "me"}).has_value());
  LogError("{}", "a {} b {0}");
  EXPECT_NE(Contents().find("a {} b {0}"), std::string::npos);
}

TEST(LogLevel, IsParsedFromItsName) {
  EXPECT_EQ(log::ParseLevel("debug").value(), log::Level::kDebug);
  EXPECT_EQ(log::ParseLevel("loud").error().code(), EINVAL);
}

}  // namespace
}  // namespace faultline
