// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace faultline::fuse {

/// The background process that a mount command leaves behind. The parent stays until the child has
/// said how it went, prints the child's error and exits with its status; only the child returns
/// from Fork. Fork before there are threads.
class Daemon {
 public:
  /// EX: EAGAIN, EMFILE.
  static Result<Daemon> Fork();
  /// For a process that stays in the foreground: nobody is waiting.
  static Daemon Foreground() { return Daemon(UniqueFd()); }

  /// Lets the parent exit with 0, and lets go of its terminal and working directory. False: nobody
  /// waits any more, the command was interrupted.
  bool ReportReady();
  /// Prints the text where the user sees it; lets the parent exit with `status`.
  void ReportFailure(int status, const std::string& text);

 private:
  explicit Daemon(UniqueFd pipe) : pipe_(std::move(pipe)) {}

  UniqueFd pipe_;  // to the parent; none in the foreground
};

}  // namespace faultline::fuse
