// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "base/control_protocol.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace faultline::control {

/// A mounted faultline file system, as its own root directory.
class MountClient {
 public:
  /// ENOENT, EACCES, ..., and EMEDIUMTYPE when something else is mounted there: the message says
  /// what. ENOTCONN: its daemon has died.
  static Result<MountClient> Open(const std::string& path);

  /// Sends a command of base/control_protocol.h; the JSON text of the answer, all pages of it.
  Result<std::string> Ask(unsigned long command) const;

 private:
  MountClient(std::string path, UniqueFd root) : path_(std::move(path)), root_(std::move(root)) {}

  Result<> AskPage(unsigned long command, Message& message) const;

  std::string path_;
  UniqueFd root_;
};

}  // namespace faultline::control
