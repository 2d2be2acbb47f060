// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace faultline::fuse {

Result<TerminationSignals> TerminationSignals::Block() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  if (int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
    return Fail(error, "pthread_sigmask");
  UniqueFd fd(signalfd(-1, &set, SFD_CLOEXEC));
  if (!fd) return Fail(errno, "signalfd");
  return TerminationSignals(std::move(fd));
}

bool TerminationSignals::WaitForSignalOr(int end_fd) const {
  pollfd fds[] = {{end_fd, POLLIN, 0}, {fd_.get(), POLLIN, 0}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
  if ((fds[0].revents & POLLIN) != 0) return false;
  signalfd_siginfo info;
  (void)!read(fd_.get(), &info, sizeof info);
  return true;
}

}  // namespace faultline::fuse
