// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "lock/mutex.h"

namespace faultline::fuse {

/// The commands that arrive as ioctls on the root of the mount (base/control_protocol.h).
class Control {
 public:
  /// Makes the JSON text of an answer. Any thread; must not wait for anything.
  using Report = std::function<std::string()>;

  void Register(unsigned long command, Report report);

  /// One page of an answer. ENOTTY: no such command. EINVAL: the message is not of our protocol.
  /// ESTALE: its answer is forgotten.
  Result<std::vector<std::byte>> Handle(unsigned long command, std::span<const std::byte> input);

 private:
  struct Command {
    unsigned long number;
    Report report;
  };
  struct Answer {
    uint32_t number;
    unsigned long command;
    std::string text;
  };
  static constexpr size_t kMostAnswers = 16;
  Result<Answer> MakeAnswer(const Command& command);
  Result<Answer> FindAnswer(const Command& command, uint32_t number) const;

  std::vector<Command> commands_;  // immutable once the session serves
  mutable lock::Mutex mu_{lock::LockClass::kStatistics};
  uint32_t last_number_ FL_GUARDED_BY(mu_) = 0;
  std::deque<Answer> unfinished_ FL_GUARDED_BY(mu_);  // with more than one page, oldest first
};

}  // namespace faultline::fuse
