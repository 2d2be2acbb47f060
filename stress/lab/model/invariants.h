// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "lab/model/world.h"

namespace faultline::lab {

// What must hold after every step. Violations by an action itself (use of something freed, sleep
// under a spinlock, a write to a recycled block) are recorded by that action.
Violation CheckState(const World& w);

// What must hold in addition when every thread is done.
Violation CheckFinal(const World& w);

}  // namespace faultline::lab
