// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "lock/violation_report.h"

namespace faultline::lock {

/// How many violations there were, and which pairs of places are known already, so that a
/// violation in a loop is one line in the log and a number in the status.
class ViolationLog {
 public:
  static ViolationLog& Get();

  /// Counts it; true the first time for its rule and pair of places.
  bool Count(const Violation& violation);
  void Keep(std::string report);

  uint64_t total() const;
  std::string last() const;
  void Reset();

 private:
  using Key = std::tuple<Rule, const char*, uint32_t, const char*, uint32_t>;
  static constexpr size_t kMostKeys = 1000;

  mutable std::mutex mu_;  // innermost: nothing is taken under it
  std::set<Key> known_;    // guarded by mu_
  uint64_t total_ = 0;     // guarded by mu_
  std::string last_;       // guarded by mu_
};

}  // namespace faultline::lock
