// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/pulse.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace faultline::stress {

Pulse* Pulse::CreateShared() {
  void* memory =
      mmap(nullptr, sizeof(Pulse), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) Pulse;
}

void Pulse::Begin(const char* scenario_name) {
  done = 0;
  goal = 0;
  scenario_since = Now();
  scenario = scenario_name;
}

Doing::Doing(Pulse& pulse, size_t thread, const char* what)
    : pulse_(pulse), thread_(pulse.threads[thread % Pulse::kThreads]) {
  thread_.tid.store(gettid(), std::memory_order_relaxed);
  thread_.since.store(Now(), std::memory_order_relaxed);
  thread_.doing.store(what, std::memory_order_relaxed);
}

Doing::~Doing() {
  thread_.doing.store(nullptr, std::memory_order_relaxed);
  pulse_.operations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace faultline::stress
