// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "base/unique_fd.h"
#include "support/paths.h"

namespace faultline::test {
namespace {

using Clock = std::chrono::steady_clock;

// A file rather than a pipe: a daemon that keeps it open does not keep us waiting for its end.
UniqueFd MakeOutput() {
  return UniqueFd(
      open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

std::string Contents(const UniqueFd& fd) {
  std::string text;
  char buffer[4096];
  for (ssize_t size;
       (size = pread(fd.get(), buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<size_t>(size));
  return text;
}

void UseProgramUnderTest(std::string& program) {
  if (program.find('/') != std::string::npos) return;
  const std::filesystem::path ours = BinDirectory() / program;
  if (std::filesystem::exists(ours)) program = ours;
}

pid_t Spawn(const std::vector<std::string>& argv, const UniqueFd& out, const UniqueFd& err) {
  std::vector<char*> pointers;
  for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
  pid_t pid = -1;
  if (posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environ) != 0) pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

// -1: it had to be killed. One that is stuck in the kernel is left behind.
int Wait(pid_t pid, Clock::time_point deadline) {
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    if (Clock::now() > deadline) {
      kill(pid, SIGKILL);
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

CommandResult RunCommand(std::vector<std::string> argv, std::chrono::milliseconds limit) {
  UseProgramUnderTest(argv[0]);
  const UniqueFd out = MakeOutput(), err = MakeOutput();
  CommandResult result;
  const pid_t pid = Spawn(argv, out, err);
  if (pid < 0) {
    result.status = 127;
    result.err = "cannot run " + argv[0];
    return result;
  }
  result.status = Wait(pid, Clock::now() + limit);
  result.out = Contents(out);
  result.err = Contents(err);
  return result;
}

}  // namespace faultline::test
