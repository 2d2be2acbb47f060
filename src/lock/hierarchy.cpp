// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/hierarchy.h"

namespace faultline::lock {

std::string_view Name(Action action) {
  switch (action) {
    case Action::kVolumeIo: return "volume I/O";
    case Action::kDatabase: return "database";
    case Action::kAllocate: return "allocation";
    case Action::kWait: return "waiting";
    case Action::kWaitForRequest: return "waiting for a request";
    case Action::kWaitForCommit: return "waiting for a commit";
    case Action::kWaitForGrace: return "waiting for a grace period";
    case Action::kNotify: return "notifying the kernel";
    case Action::kPark: return "parking";
  }
  return "?";
}

std::string_view Name(SameClass rule) {
  switch (rule) {
    case SameClass::kNever: return "one at a time";
    case SameClass::kAscendingInstance: return "several, ascending";
    case SameClass::kShared: return "any number, shared";
  }
  return "?";
}

}  // namespace faultline::lock
