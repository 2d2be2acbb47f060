// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace faultline::fuse {

/// The commands that arrive as ioctls on the root of the mount (base/control_protocol.h).
class Control {
 public:
  /// Makes the JSON text of an answer. Any thread; must not wait for anything.
  using Report = std::function<std::string()>;

  void Register(unsigned long command, Report report);

  /// The whole answer. ENOTTY: no such command. EINVAL: the message is not of our protocol.
  Result<std::vector<std::byte>> Handle(unsigned long command,
                                        std::span<const std::byte> input) const;

 private:
  struct Command {
    unsigned long number;
    Report report;
  };
  std::vector<Command> commands_;  // immutable once the session serves
};

}  // namespace faultline::fuse
