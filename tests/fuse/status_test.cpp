// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/status.h"

#include <gtest/gtest.h>

namespace faultline::fuse {
namespace {

TEST(Status, DrainReadIsNeededUpToLinux615) {
  EXPECT_TRUE(NeedsDrainRead("6.1.0-49-amd64"));
  EXPECT_TRUE(NeedsDrainRead("5.10.0"));
  EXPECT_TRUE(NeedsDrainRead("6.15.11"));
  EXPECT_FALSE(NeedsDrainRead("6.16.0"));
  EXPECT_FALSE(NeedsDrainRead("6.18.44"));
  EXPECT_FALSE(NeedsDrainRead("7.0-rc1"));
}

// To read once too often is slow, once too few is wrong.
TEST(Status, UnreadableReleaseCountsAsOld) { EXPECT_TRUE(NeedsDrainRead("unknown")); }

}  // namespace
}  // namespace faultline::fuse
