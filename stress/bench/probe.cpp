// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/probe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>

#include "base/unique_fd.h"

namespace faultline::bench {
namespace {

// The number behind "key:" in a file of such lines; 0 when it is not there.
uint64_t Field(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.rfind(key + ":", 0) == 0)
      return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10);
  return 0;
}

}  // namespace

Result<Usage> UsageOf(pid_t pid) {
  const std::string proc = "/proc/" + std::to_string(pid) + "/";
  std::ifstream stat(proc + "stat");
  std::string line;
  if (!std::getline(stat, line)) return Fail(ESRCH, "no process {}", pid);
  // utime and stime are fields 14 and 15; the name in field 2 may hold anything but ends with the
  // last ')'.
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  uint64_t user = 0;
  uint64_t system = 0;
  fields >> user >> system;
  Usage usage;
  usage.cpu_seconds =
      static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.bytes_written = Field(proc + "io", "write_bytes");
  usage.peak_memory = Field(proc + "status", "VmHWM") * 1024;
  return usage;
}

bool DropCaches() {
  sync();
  UniqueFd fd(open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC));
  return fd && write(fd.get(), "3", 1) == 1;
}

}  // namespace faultline::bench
