// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "lab/bench/measure.h"
#include "lab/matrix/catalog.h"

namespace faultline::lab {
namespace {

TEST(TimedDesigns, MapAPageOnlyWhileItsRegionIsMapped) {
  for (const TimedDesign& design : TimedDesigns()) {
    SCOPED_TRACE(design.name);
    const auto mm = design.make();
    EXPECT_FALSE(mm->Fault(0, 3, 5, 0));
    mm->Map(3);
    EXPECT_TRUE(mm->Fault(0, 3, 5, 0));
    EXPECT_TRUE(mm->AnyPageMapped(3));
    mm->Unmap(3);
    EXPECT_FALSE(mm->AnyPageMapped(3));
    EXPECT_FALSE(mm->Fault(0, 3, 5, 1));
    mm->Poll();
  }
}

// The designs that are timed are sound ones: a munmap that left a page mapped would be no munmap.
TEST(TimedDesigns, LeaveNothingMappedUnderLoad) {
  for (const TimedDesign& design : TimedDesigns()) {
    const Measured measured = Measure(
        design,
        {.threads = 2, .changes = true, .io_us = 20, .duration = std::chrono::milliseconds(50)});
    EXPECT_FALSE(measured.stale) << design.name;
    EXPECT_GT(measured.unmaps, 0u) << design.name;
  }
}

TEST(TimedDesigns, AreRowsOfTheMatrix) {
  for (const TimedDesign& design : TimedDesigns()) {
    EXPECT_FALSE(
        SelectCells({.family = "mapping", .design = std::string(design.name), .race = {}}).empty())
        << design.name;
  }
}

}  // namespace
}  // namespace faultline::lab
