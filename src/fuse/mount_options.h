// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lock/validator.h"

namespace faultline::fuse {

/// What -o says: our own options, those of the kernel, and what mount(8) and fstab leave in the
/// list for others.
struct MountOptions {
  bool writeback_cache = false;
  bool read_only = false;
  std::chrono::milliseconds commit_interval{5000};
  std::optional<unsigned> readahead_kib;  // not given: kDefaultReadaheadKib where we may set it
  std::optional<lock::ValidatorMode> lock_validator;  // not given: the build's default
  bool lock_statistics = false;
  std::chrono::milliseconds hang_timeout{120'000};  // 0: no watchdog
  bool abort_on_hang = false;
  std::string test_points;          // see base/test_point.h
  std::vector<std::string> kernel;  // in the order given
};

/// Adds a comma-separated list; a later option wins over an earlier one. EINVAL names the option
/// and says what it takes. `sloppy` (mount -s) lets unknown ones pass.
Result<> ParseMountOptions(std::string_view list, bool sloppy, MountOptions& options);

}  // namespace faultline::fuse
