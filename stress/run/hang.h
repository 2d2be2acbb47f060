// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "run/pulse.h"

namespace faultline::stress {

/// Notices that no operation of the working process ended for `limit`. Lives in the supervisor,
/// which never touches the filesystem under test.
class HangWatch {
 public:
  HangWatch(const Pulse& pulse, Instant limit) : pulse_(pulse), limit_(limit) {}

  /// To be called now and then.
  bool Hangs();

 private:
  const Pulse& pulse_;
  Instant limit_;
  uint64_t last_operations_ = 0;
  Instant last_change_ = 0;
};

/// What every thread of `pid` does and where it waits in the kernel, as far as /proc tells us
/// (stacks need root), and what the FUSE connection behind `device` has not answered. Reads nothing
/// that takes mmap_lock of the hung process.
std::vector<std::string> DescribeHang(pid_t pid, const Pulse& pulse, dev_t device);

}  // namespace faultline::stress
