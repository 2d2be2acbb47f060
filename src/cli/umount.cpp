// SPDX-License-Identifier: GPL-2.0-or-later
// Helper of umount(8), called as umount.faultline or umount.fuse.faultline. Unmounting a FUSE file
// system does not wait for its daemon; this does, so what comes next finds the store released.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/mount_table.h"
#include "base/unique_fd.h"

namespace faultline {
namespace {

// Exit codes of mount(8).
constexpr int kUsage = 1;
constexpr int kSystemError = 2;
constexpr int kUnmountFailure = 32;

constexpr std::chrono::seconds kPatience{120};

struct Arguments {
  std::string target;  // mount point or store
  bool lazy = false;
};

// umount(8) passes "TARGET [-flnrv] [-N NAMESPACE] [-t TYPE]".
Result<Arguments> ParseArguments(int argc, char** argv) {
  Arguments arguments;
  for (int option; (option = getopt(argc, argv, "flnrvN:t:")) != -1;) {
    if (option == '?') return Fail(EINVAL, "usage: umount.faultline MNT [-l]");
    if (option == 'l') arguments.lazy = true;
  }
  if (optind + 1 != argc) return Fail(EINVAL, "usage: umount.faultline MNT [-l]");
  arguments.target = argv[optind];
  return arguments;
}

// Without looking the path up in the mount: its daemon may be dead.
std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::canonical(path, error);
  return error ? std::filesystem::absolute(path).lexically_normal().string() : canonical.string();
}

Result<MountEntry> FindTarget(const std::string& target) {
  FL_ASSIGN_OR_RETURN(std::vector<MountEntry> table, ReadMountTable());
  const std::string path = Absolute(target);
  for (auto entry = table.rbegin(); entry != table.rend(); ++entry)
    if (entry->type == kMountType && (entry->mount_point == path || entry->source == path))
      return std::move(*entry);
  return Fail(EINVAL, "{} is not a faultline mount", target);
}

// The daemon holds a lock on STORE/lock until everything is durable.
bool WaitForRelease(const std::string& store) {
  UniqueFd lock(open((store + "/lock").c_str(), O_RDONLY | O_CLOEXEC));
  if (!lock) return true;  // not ours to see
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (flock(lock.get(), LOCK_SH | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

int Complain(int status, const std::string& text) {
  fmt::print(stderr, "umount.faultline: {}\n", text);
  return status;
}

int Main(int argc, char** argv) {
  Result<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments) return Complain(kUsage, arguments.error().message());
  Result<MountEntry> mount = FindTarget(arguments->target);
  if (!mount) return Complain(kUsage, mount.error().message());
  if (Result<> done = Unmount(mount->mount_point, arguments->lazy); !done)
    return Complain(kUnmountFailure, done.error().ToString());
  // A lazy one ends with the last open file, whenever that is.
  if (arguments->lazy || WaitForRelease(mount->source)) return 0;
  return Complain(kSystemError, fmt::format("{} is unmounted, but the daemon is still writing {}",
                                            mount->mount_point, mount->source));
}

}  // namespace
}  // namespace faultline

int main(int argc, char** argv) { return faultline::Main(argc, argv); }
