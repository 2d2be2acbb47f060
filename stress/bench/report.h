// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "bench/compare.h"

namespace faultline::bench {

// Rates (medians) and, for each candidate but the first, the ratio to the first: above 1 is faster
// than it.
std::string HumanTable(const Comparison& comparison);
std::string Markdown(const Comparison& comparison);
std::string Json(const Comparison& comparison);

}  // namespace faultline::bench
