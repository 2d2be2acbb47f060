// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace faultline::fuse {

/// SIGTERM, SIGINT and SIGHUP as a descriptor. Make it before the first thread: they are blocked
/// from then on, in every thread. SIGPIPE is ignored.
class TerminationSignals {
 public:
  static Result<TerminationSignals> Block();

  /// Waits until `end_fd` is readable (false) or a signal has come (true).
  bool WaitForSignalOr(int end_fd) const;

 private:
  explicit TerminationSignals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace faultline::fuse
