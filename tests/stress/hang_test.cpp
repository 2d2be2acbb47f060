// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/hang.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace faultline::stress {
namespace {

TEST(HangWatch, SeesWhenNothingFinishes) {
  Pulse* pulse = Pulse::CreateShared();
  HangWatch watch(*pulse, 0);
  EXPECT_FALSE(watch.Hangs());
  usleep(1000);
  EXPECT_TRUE(watch.Hangs());
}

TEST(HangWatch, IsContentWhileOperationsFinish) {
  Pulse* pulse = Pulse::CreateShared();
  HangWatch watch(*pulse, 0);
  EXPECT_FALSE(watch.Hangs());
  usleep(1000);
  { Doing doing(*pulse, 0, "work"); }
  EXPECT_FALSE(watch.Hangs());
}

TEST(DescribeHang, SaysWhatEachThreadDoes) {
  Pulse* pulse = Pulse::CreateShared();
  Doing doing(*pulse, 0, "an unlikely call");
  auto lines = DescribeHang(getpid(), *pulse, 0);
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("in an unlikely call") != std::string::npos;
  }));
}

}  // namespace
}  // namespace faultline::stress
