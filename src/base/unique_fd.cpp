// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/unique_fd.h"

#include <cerrno>

namespace faultline {

void UniqueFd::Reset(int fd) {
  int old = std::exchange(fd_, fd);
  if (old < 0) return;
  int saved = errno;
  ::close(old);  // never retried: Linux frees the number even when it fails
  errno = saved;
}

}  // namespace faultline
