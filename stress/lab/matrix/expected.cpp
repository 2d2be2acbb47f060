// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/matrix/expected.h"

#include <algorithm>

namespace faultline::lab {
namespace {

using enum Violation;

#define CELL(family, design, race, verdict, reason) {family, design, race, verdict, reason},
constexpr ExpectedVerdict kExpected[] = {
#include "lab/matrix/expected_verdicts.inc"
};
#undef CELL

}  // namespace

std::span<const ExpectedVerdict> ExpectedVerdicts() { return kExpected; }

const ExpectedVerdict* Expected(const Cell& cell) {
  const auto* found = std::ranges::find_if(kExpected, [&](const ExpectedVerdict& e) {
    return e.family == cell.family && e.design == cell.design && e.race == cell.race;
  });
  return found == std::ranges::end(kExpected) ? nullptr : found;
}

}  // namespace faultline::lab
