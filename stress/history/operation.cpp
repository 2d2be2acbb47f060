// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/operation.h"

#include <fmt/format.h>

namespace faultline::stress {

std::string DescribeValue(CellValue value) {
  if (value == kZeroValue) return "zero";
  if (value == kTornValue) return "torn";
  return fmt::format("writer {} sequence {}", WriterOf(value), SequenceOf(value));
}

}  // namespace faultline::stress
