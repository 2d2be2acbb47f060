// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "base/clock.h"
#include "fuse/kernel_notifier.h"
#include "fuse/mount_options.h"
#include "fuse/session.h"
#include "store/store.h"

namespace faultline::fuse {

struct StatusSources {
  const std::string& store_path;
  const std::string& mount_point;
  const MountOptions& options;
  const store::Store& store;
  const Session& session;
  const KernelNotifier& notifier;
  Nanoseconds uptime;
};

/// What `faultline status --json` prints. Reads counters only: it never waits for a disk, a commit
/// or another request.
std::string StatusText(const StatusSources& sources);

/// As uname -r.
std::string KernelRelease();

/// Up to Linux 6.15 FUSE writes pages back from copies, so an old page may still be on its way when
/// an invalidation returns; a read through the mount waits for it. `release` as uname -r.
bool NeedsDrainRead(const std::string& release);

}  // namespace faultline::fuse
