// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

#include "lab/bench/address_space.h"

namespace faultline::lab {

struct Load {
  size_t threads = 1;    // that fault
  bool changes = false;  // beside a thread that unmaps and maps
  unsigned io_us = 0;    // how long one fault in kIoEvery sleeps
  std::chrono::milliseconds duration{200};
};
inline constexpr unsigned kIoEvery = 64;

struct Measured {
  double faults_per_second = 0;
  uint64_t unmaps = 0;
  double unmap_p50_us = 0;
  double unmap_p99_us = 0;
  bool stale = false;  // a page was mapped in a region that was not
};

Measured Measure(const TimedDesign& design, const Load& load);

}  // namespace faultline::lab
