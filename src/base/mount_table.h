// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace faultline {

inline constexpr std::string_view kMountType = "fuse.faultline";

/// A line of /proc/self/mountinfo (proc(5)), escapes resolved.
struct MountEntry {
  dev_t device = 0;  // st_dev of its files
  std::string mount_point;
  std::string options;  // of this mount
  std::string type;
  std::string source;
  std::string super_options;

  bool operator==(const MountEntry&) const = default;
};

/// Lines that do not parse are left out.
std::vector<MountEntry> ParseMountTable(std::string_view text);

/// What this process sees, in the order in which it was mounted. Touches no mount.
Result<std::vector<MountEntry>> ReadMountTable();

/// The uppermost mount on this very directory (an absolute path); ENOENT: none.
Result<MountEntry> FindMount(std::string_view mount_point);

/// Takes the uppermost mount there away; as somebody else than root through fusermount3. `lazy`:
/// even if files are open, it ends with the last of them. EBUSY, EINVAL, EPERM, ...
Result<> Unmount(const std::string& mount_point, bool lazy);

}  // namespace faultline
