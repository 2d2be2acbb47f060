// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>

#include "check/verdict.h"

namespace faultline::stress {

/// An SVG element: one lane a thread, one bar an operation, from its begin to its end. Times are
/// ranks, not lengths: gaps of microseconds and of seconds stay readable side by side, and whether
/// two operations overlap, which is all that counts, is exact. Empty without events.
std::string DrawTimeline(std::span<const TimelineEvent> events);

}  // namespace faultline::stress
