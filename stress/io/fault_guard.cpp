// SPDX-License-Identifier: GPL-2.0-or-later
#include "io/fault_guard.h"

#include <csignal>

namespace faultline::stress {
namespace internal {
thread_local sigjmp_buf* t_fault_target = nullptr;
}

namespace {

void OnFault(int signal) {
  if (internal::t_fault_target != nullptr) siglongjmp(*internal::t_fault_target, 1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

void InstallFaultHandler() {
  struct sigaction action = {};
  action.sa_handler = OnFault;
  action.sa_flags = SA_NODEFER;  // left by a jump: the signal must not stay blocked
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace faultline::stress
