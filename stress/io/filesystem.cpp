// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/filesystem.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace faultline::stress {
namespace {

/// "36 35 98:0 /root /mnt rw - ext4 /dev/sda rw": major:minor is field 3, the mount point field 5,
/// type and source follow the lone dash.
std::optional<Filesystem> ParseLine(const std::string& line) {
  std::istringstream fields(line);
  std::string id, parent, device, root, skipped;
  Filesystem found;
  fields >> id >> parent >> device >> root >> found.mount_point;
  while (fields >> skipped && skipped != "-") {
  }
  if (!(fields >> found.type >> found.source)) return std::nullopt;
  unsigned major_number = 0, minor_number = 0;
  if (sscanf(device.c_str(), "%u:%u", &major_number, &minor_number) != 2) return std::nullopt;
  found.device = makedev(major_number, minor_number);
  return found;
}

bool Holds(const std::string& mount_point, const std::string& path) {
  if (mount_point == "/") return true;
  return path.compare(0, mount_point.size(), mount_point) == 0 &&
         (path.size() == mount_point.size() || path[mount_point.size()] == '/');
}

}  // namespace

bool Filesystem::IsFuse() const { return type.compare(0, 4, "fuse") == 0; }

Result<Filesystem> FindFilesystem(const std::string& directory) {
  char* resolved = realpath(directory.c_str(), nullptr);
  if (resolved == nullptr) return Fail(errno, "{}", directory);
  const std::string path = resolved;
  free(resolved);
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return Fail(errno, "{}", directory);
  if (!S_ISDIR(status.st_mode)) return Fail(ENOTDIR, "{}", directory);

  // The longest mount point wins, the last one of equal ones: it is on top. btrfs reports other
  // device numbers than stat, so that the path decides.
  Filesystem best;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    auto mount = ParseLine(line);
    if (mount && Holds(mount->mount_point, path) &&
        mount->mount_point.size() >= best.mount_point.size())
      best = *mount;
  }
  if (best.type.empty()) return Fail(ENOENT, "no mount found for {}", directory);
  best.device = status.st_dev;
  return best;
}

std::optional<uint64_t> FuseWaiting(dev_t device) {
  std::ifstream file("/sys/fs/fuse/connections/" + std::to_string(minor(device)) + "/waiting");
  uint64_t waiting = 0;
  if (!(file >> waiting)) return std::nullopt;
  return waiting;
}

}  // namespace faultline::stress
