// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace faultline {
namespace {

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
UniqueFd OpenNull() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(UniqueFd, ClosesOnceAtTheEnd) {
  int raw;
  {
    UniqueFd fd = OpenNull();
    raw = fd.get();
    UniqueFd moved = std::move(fd);
    EXPECT_TRUE(IsOpen(raw));
    EXPECT_EQ(moved.get(), raw);
  }
  EXPECT_FALSE(IsOpen(raw));
}

TEST(UniqueFd, ReleaseGivesUpOwnership) {
  UniqueFd fd = OpenNull();
  int raw = fd.Release();
  EXPECT_FALSE(fd);
  EXPECT_TRUE(IsOpen(raw));
  ::close(raw);
}

TEST(UniqueFd, ResetClosesTheOldOneAndKeepsErrno) {
  UniqueFd fd = OpenNull();
  int raw = fd.get();
  errno = ENOENT;
  fd.Reset();
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FALSE(IsOpen(raw));
}

}  // namespace
}  // namespace faultline
