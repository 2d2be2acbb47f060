// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace faultline::stress {

/// What is mounted below a directory, as /proc/self/mountinfo tells it.
struct Filesystem {
  std::string type;  // "ext4", "fuse.bindfs", ...
  std::string source;
  std::string mount_point;
  dev_t device = 0;

  /// Its page cache is the FUSE client's, which cannot exclude faults (see stress/README.md).
  bool IsFuse() const;
};

Result<Filesystem> FindFilesystem(const std::string& directory);

/// Requests that the FUSE connection behind `device` has not answered; nothing where that cannot
/// be known (not FUSE, fusectl not mounted).
std::optional<uint64_t> FuseWaiting(dev_t device);

}  // namespace faultline::stress
