// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "lock/lock_state.h"

namespace faultline::fuse {

/// The answer of `faultline locks`: who holds and waits for what, with which request; hold times by
/// class; which edges of the declared order were seen; violations. JSON.
std::string LocksReport(const lock::LockState& state);

}  // namespace faultline::fuse
