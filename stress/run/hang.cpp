// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/hang.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "io/filesystem.h"

namespace faultline::stress {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// "State:\tD (disk sleep)" without the tab and the key.
std::string StateOf(const std::string& task) {
  std::ifstream file(task + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("State:", 0) == 0) return line.substr(7);
  return "gone";
}

std::string DoingOf(const std::string& tid, const Pulse& pulse) {
  for (const Pulse::Thread& thread : pulse.threads) {
    const char* doing = thread.doing;
    if (doing == nullptr || std::to_string(thread.tid.load()) != tid) continue;
    return fmt::format("in {} for {:.1f} s", doing,
                       1e-9 * static_cast<double>(Now() - thread.since));
  }
  return "between operations";
}

void DescribeTask(const std::filesystem::path& task, const Pulse& pulse,
                  std::vector<std::string>& lines) {
  lines.push_back(fmt::format("thread {}: {}, state {}, wchan {}", task.filename().string(),
                              DoingOf(task.filename(), pulse), StateOf(task),
                              FirstLine(task / "wchan")));
  std::ifstream stack(task / "stack");
  for (std::string line; std::getline(stack, line);) lines.push_back("    " + line);
}

}  // namespace

bool HangWatch::Hangs() {
  uint64_t operations = pulse_.operations.load(std::memory_order_relaxed);
  Instant now = Now();
  if (operations != last_operations_ || last_change_ == 0) {
    last_operations_ = operations;
    last_change_ = now;
  }
  return now - last_change_ > limit_;
}

std::vector<std::string> DescribeHang(pid_t pid, const Pulse& pulse, dev_t device) {
  std::vector<std::string> lines;
  if (auto waiting = FuseWaiting(device))
    lines.push_back(fmt::format("the FUSE connection has {} unanswered requests", *waiting));
  std::error_code ignored;
  std::filesystem::path tasks = fmt::format("/proc/{}/task", pid);
  for (const auto& task : std::filesystem::directory_iterator(tasks, ignored))
    DescribeTask(task.path(), pulse, lines);
  return lines;
}

}  // namespace faultline::stress
