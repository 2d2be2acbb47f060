// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mount_table.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <cerrno>

namespace faultline {
namespace {

TEST(MountTable, LineIsTakenApart) {
  const auto table = ParseMountTable(
      "36 35 0:45 / /mnt rw,noatime shared:1 master:2 - fuse.faultline /store rw,user_id=0\n");
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table[0], (MountEntry{makedev(0, 45), "/mnt", "rw,noatime", "fuse.faultline", "/store",
                                  "rw,user_id=0"}));
}

TEST(MountTable, OptionalFieldsMayBeMissing) {
  const auto table = ParseMountTable("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table[0].type, "ext4");
}

TEST(MountTable, EscapesAreResolved) {
  const auto table = ParseMountTable("1 0 8:1 / /a\\040b\\134c rw - ext4 x\\011y rw\n");
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table[0].mount_point, "/a b\\c");
  EXPECT_EQ(table[0].source, "x\ty");
}

TEST(MountTable, LineThatDoesNotParseIsLeftOut) {
  EXPECT_TRUE(
      ParseMountTable("nonsense\n\n1 2 3\n1 0 8:1 / / rw - ext4\n1 0 x / / rw - a b c\n").empty());
}

TEST(MountTable, RootIsMounted) {
  auto root = FindMount("/");
  ASSERT_TRUE(root) << root.error().ToString();
  EXPECT_FALSE(root->type.empty());
}

TEST(MountTable, WhatIsNoMountPointIsEnoent) {
  auto mount = FindMount("/no/such/mount/point");
  ASSERT_FALSE(mount);
  EXPECT_EQ(mount.error().code(), ENOENT);
}

}  // namespace
}  // namespace faultline
