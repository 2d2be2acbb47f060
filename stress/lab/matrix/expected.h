// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

#include "lab/matrix/cell.h"

namespace faultline::lab {

// What the mails (or what is known of the kernel client) say about a cell, and why. Committed;
// a run that finds anything else is wrong, or has found something.
struct ExpectedVerdict {
  std::string_view family;
  std::string_view design;
  std::string_view race;
  Violation verdict;
  std::string_view reason;
};

std::span<const ExpectedVerdict> ExpectedVerdicts();
// Null when the table has no line for the cell.
const ExpectedVerdict* Expected(const Cell& cell);

}  // namespace faultline::lab
