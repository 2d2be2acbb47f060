// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/daemonize.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace faultline::fuse {
namespace {

constexpr int kDied = 32;  // "mount failure" of mount(8)

// The parent's part: one byte of status, or none if the child died without a word.
[[noreturn]] void WaitForReport(const UniqueFd& pipe, pid_t child) {
  unsigned char status = kDied;
  ssize_t size;
  while ((size = read(pipe.get(), &status, 1)) < 0 && errno == EINTR) {
  }
  if (size == 1) _exit(status);
  int how = 0;
  waitpid(child, &how, 0);
  if (WIFSIGNALED(how))
    std::fprintf(stderr, "mount.faultline: the daemon was killed by signal %d\n", WTERMSIG(how));
  else
    std::fprintf(stderr, "mount.faultline: the daemon ended early\n");
  _exit(kDied);
}

void DetachFromTerminal() {
  UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return;
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null.get(), fd);
}

}  // namespace

Result<Daemon> Daemon::Fork() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(errno, "pipe");
  UniqueFd read_end(ends[0]), write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return Fail(errno, "fork");
  if (child > 0) {
    write_end.Reset();
    WaitForReport(read_end, child);
  }
  setsid();
  return Daemon(std::move(write_end));
}

bool Daemon::ReportReady() {
  if (!pipe_) return true;
  (void)!chdir("/");
  DetachFromTerminal();
  const unsigned char ok = 0;
  const bool somebody_waits = write(pipe_.get(), &ok, 1) == 1;
  pipe_.Reset();
  return somebody_waits;
}

void Daemon::ReportFailure(int status, const std::string& text) {
  std::fprintf(stderr, "mount.faultline: %s\n", text.c_str());
  const auto byte = static_cast<unsigned char>(status);
  if (pipe_) (void)!write(pipe_.get(), &byte, 1);
  pipe_.Reset();
}

}  // namespace faultline::fuse
