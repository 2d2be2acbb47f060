// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mount_table.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <sstream>

#include "base/unique_fd.h"

namespace faultline {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// "\040" is a space: proc(5) escapes space, tab, newline and backslash so.
std::string Unescape(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) &&
        IsOctal(text[i + 3])) {
      result +=
          static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + text[i + 3] - '0');
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

// "36 35 98:0 /root /mount rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
std::optional<MountEntry> ParseLine(const std::string& line) {
  std::istringstream words(line);
  std::string id, parent, device, root, mount_point, word;
  MountEntry entry;
  if (!(words >> id >> parent >> device >> root >> mount_point >> entry.options)) return {};
  while (words >> word && word != "-") {
  }
  std::string source;
  if (!(words >> entry.type >> source >> entry.super_options)) return {};
  unsigned major = 0, minor = 0;
  if (std::sscanf(device.c_str(), "%u:%u", &major, &minor) != 2) return {};
  entry.device = makedev(major, minor);
  entry.mount_point = Unescape(mount_point);
  entry.source = Unescape(source);
  return entry;
}

Result<std::string> ReadAll(const char* path) {
  UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return Fail(errno, "{}", path);
  std::string text;
  char buffer[65536];
  ssize_t size;
  while ((size = read(fd.get(), buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<size_t>(size));
  if (size < 0) return Fail(errno, "{}", path);
  return text;
}

Result<> RunFusermount(const std::string& mount_point, bool lazy) {
  std::vector<const char*> argv = {"fusermount3", "-u", "-q"};
  if (lazy) argv.push_back("-z");
  argv.push_back("--");
  argv.push_back(mount_point.c_str());
  argv.push_back(nullptr);
  pid_t pid;
  int error = posix_spawnp(&pid, "fusermount3", nullptr, nullptr,
                           const_cast<char* const*>(argv.data()), environ);
  if (error != 0) return Fail(error, "fusermount3");
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return Fail(EBUSY, "fusermount3 could not unmount {}", mount_point);
  return {};
}

}  // namespace

std::vector<MountEntry> ParseMountTable(std::string_view text) {
  std::vector<MountEntry> table;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);)
    if (std::optional<MountEntry> entry = ParseLine(line)) table.push_back(std::move(*entry));
  return table;
}

Result<std::vector<MountEntry>> ReadMountTable() {
  FL_ASSIGN_OR_RETURN(std::string text, ReadAll("/proc/self/mountinfo"));
  return ParseMountTable(text);
}

Result<MountEntry> FindMount(std::string_view mount_point) {
  FL_ASSIGN_OR_RETURN(std::vector<MountEntry> table, ReadMountTable());
  for (auto entry = table.rbegin(); entry != table.rend(); ++entry)
    if (entry->mount_point == mount_point) return std::move(*entry);
  return Fail(ENOENT, "{} is not a mount point", mount_point);
}

Result<> Unmount(const std::string& mount_point, bool lazy) {
  if (geteuid() != 0) return RunFusermount(mount_point, lazy);
  if (umount2(mount_point.c_str(), UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) != 0)
    return Fail(errno, "{}", mount_point);
  return {};
}

}  // namespace faultline
