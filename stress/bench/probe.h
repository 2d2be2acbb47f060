// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace faultline::bench {

// What a process (the daemon behind a mount) has used so far; /proc/PID/{stat,io,status}.
struct Usage {
  double cpu_seconds = 0;
  uint64_t bytes_written = 0;  // to the storage layer, as the kernel accounts them
  uint64_t peak_memory = 0;    // bytes, high-water mark
};
Result<Usage> UsageOf(pid_t pid);

// Empties the page cache of this machine where we may (root), so that a cold read is cold for every
// file system, daemon and backing image alike. False: only the file itself could be dropped, by
// posix_fadvise.
bool DropCaches();

}  // namespace faultline::bench
