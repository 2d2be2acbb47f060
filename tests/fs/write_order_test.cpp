// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "support/mounted_filesystem.h"

// Requests that two workers apply in the other order than the kernel queued them.
namespace faultline::test {
namespace {

constexpr ByteRange kFirstPage{0, kBlockSize};

std::string PageOf(char c) { return std::string(kBlockSize, c); }

TEST(WriteOrder, LateOlderWriteLeavesYoungerBytesAlone) {
  MountedFilesystem mount;
  const InodeId ino = mount.MakeFile("file");
  ASSERT_EQ(mount.Write(ino, 0, PageOf('o')), 0);
  const fs::Request older = mount.NextRequest();
  const fs::Request younger = mount.NextRequest();
  ASSERT_EQ(mount.Write(ino, 100, "young", fs::WriteKind::kWriteback, younger), 0);
  ASSERT_EQ(mount.Write(ino, 98, "olderolder", fs::WriteKind::kBuffered, older), 0);
  EXPECT_EQ(mount.Read(ino, {97, 109}), "oolyoungdero");
}

// The writeback is younger, but its page was read before the direct write was published: it would
// put back what the direct write replaces.
TEST(WriteOrder, DirectWriteYieldsToNoYoungerWriteback) {
  MountedFilesystem mount;
  const InodeId ino = mount.MakeFile("file");
  ASSERT_EQ(mount.Write(ino, 0, PageOf('o')), 0);
  const fs::Request direct = mount.NextRequest();
  const fs::Request writeback = mount.NextRequest();
  ASSERT_EQ(mount.Write(ino, 0, PageOf('o'), fs::WriteKind::kWriteback, writeback), 0);
  ASSERT_EQ(mount.Write(ino, 0, PageOf('d'), fs::WriteKind::kDirect, direct), 0);
  EXPECT_EQ(mount.Read(ino, kFirstPage), PageOf('d'));
}

TEST(WriteOrder, WritebackOlderThanADirectWriteComesTooLate) {
  MountedFilesystem mount;
  const InodeId ino = mount.MakeFile("file");
  ASSERT_EQ(mount.Write(ino, 0, PageOf('o')), 0);
  const fs::Request writeback = mount.NextRequest();
  const fs::Request direct = mount.NextRequest();
  ASSERT_EQ(mount.Write(ino, 0, PageOf('d'), fs::WriteKind::kDirect, direct), 0);
  ASSERT_EQ(mount.Write(ino, 0, PageOf('o'), fs::WriteKind::kWriteback, writeback), 0);
  EXPECT_EQ(mount.Read(ino, kFirstPage), PageOf('d'));
}

}  // namespace
}  // namespace faultline::test
