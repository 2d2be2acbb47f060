// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/violation_log.h"

#include <utility>

namespace faultline::lock {

ViolationLog& ViolationLog::Get() {
  static ViolationLog* log = new ViolationLog;  // outlives every thread
  return *log;
}

bool ViolationLog::Count(const Violation& violation) {
  Place where = violation.where;
  Place other = violation.has_offender ? violation.offender.where : Place{};
  std::lock_guard lock(mu_);
  ++total_;
  if (known_.size() >= kMostKeys) return false;
  return known_.insert({violation.rule, where.file, where.line, other.file, other.line}).second;
}

void ViolationLog::Keep(std::string report) {
  std::lock_guard lock(mu_);
  last_ = std::move(report);
}

uint64_t ViolationLog::total() const {
  std::lock_guard lock(mu_);
  return total_;
}

std::string ViolationLog::last() const {
  std::lock_guard lock(mu_);
  return last_;
}

void ViolationLog::Reset() {
  std::lock_guard lock(mu_);
  known_.clear();
  total_ = 0;
  last_.clear();
}

uint64_t ViolationCount() { return ViolationLog::Get().total(); }

}  // namespace faultline::lock
