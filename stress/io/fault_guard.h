// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <csetjmp>

namespace faultline::stress {

namespace internal {
extern thread_local sigjmp_buf* t_fault_target;
}

/// Turns SIGBUS into a return value. Call once per process, before any thread touches a mapping.
void InstallFaultHandler();

/// Runs `access`, which touches mapped memory and nothing that needs unwinding; false when it hit
/// SIGBUS (beyond the end of the file, or the filesystem is gone). What it did before the fault
/// stays done.
template <class Access>
[[nodiscard]] bool Guarded(Access&& access) {
  sigjmp_buf target;
  if (sigsetjmp(target, 0) != 0) {
    internal::t_fault_target = nullptr;
    return false;
  }
  internal::t_fault_target = &target;
  access();
  internal::t_fault_target = nullptr;
  return true;
}

}  // namespace faultline::stress
