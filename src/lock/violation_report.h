// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lock/held_locks.h"
#include "lock/place.h"

namespace faultline::lock {

/// The rules, each with a death test of its own.
enum class Rule : uint8_t {
  kOrder,        // wanted may not be taken under something that is held
  kSameClass,    // a second lock of a class that allows one only, or in the wrong order
  kRecursion,    // the same lock again
  kUpgrade,      // exclusive while held shared
  kForbidden,    // an action that something held forbids
  kWorkerWaits,  // a worker thread waits for the kernel or another request
  kNotHeld,      // AssertHeld of what is not held
  kTooMany,      // more locks than a context can track
  kStillHeld,    // a request ends, or a thread exits, while it holds a lock
};
std::string_view Name(Rule rule);

/// All that is known when a rule is broken.
struct Violation {
  Rule rule = Rule::kOrder;
  bool is_action = false;
  Action action = Action::kWait;  // when is_action
  LockId wanted;                  // when not
  Mode wanted_mode = Mode::kExclusive;
  std::string_view call;  // of TakesInKernel
  Place where;
  HeldLock offender;  // what it collides with; lock_class valid if has_offender
  bool has_offender = false;
  const LockContext* context = nullptr;
};

/// The report's text without the stack: rule, wanted, held, where the opposite order was seen
/// first.
std::string FormatViolation(const Violation& violation);

/// Counts, formats, logs (once per pair of places) or aborts, after the mode.
void ReportViolation(const Violation& violation);

/// "src/fs/inode.cpp:42"
std::string FormatPlace(Place where);

}  // namespace faultline::lock
