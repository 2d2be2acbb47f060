// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/hierarchy.h"

#include <gtest/gtest.h>

#include <set>

namespace faultline::lock {
namespace {

bool Allows(LockClass c, Action a) { return (Row(c).may_do & MaskOf(a)) != 0; }
bool MayBeHeld(LockClass held, LockClass wanted) {
  return (Row(wanted).held_before & MaskOf(held)) != 0;
}

TEST(Hierarchy, EveryRowIsComplete) {
  std::set<std::string_view> names;
  for (const HierarchyRow& row : kHierarchy) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.guards.empty()) << row.name;
    EXPECT_TRUE(row.why.ends_with('.')) << row.name;
  }
}

TEST(Hierarchy, TableWithALaterClassBeforeAnEarlierOneIsRefused) {
  auto rows = kHierarchy;
  EXPECT_TRUE(IsOrdered(rows));
  rows[3].held_before |= MaskOf(LockClass::kLog);
  EXPECT_FALSE(IsOrdered(rows));
  rows = kHierarchy;
  rows[3].held_before |= MaskOf(rows[3].lock_class);
  EXPECT_FALSE(IsOrdered(rows));
  rows = kHierarchy;
  std::swap(rows[3], rows[4]);
  EXPECT_FALSE(IsOrdered(rows));
}

TEST(Hierarchy, NoDaemonLockMayBeHeldWhenTheKernelIsAskedForOne) {
  for (const HierarchyRow& wanted : kHierarchy)
    for (const HierarchyRow& held : kHierarchy)
      EXPECT_FALSE(wanted.is_kernel && !held.is_kernel &&
                   MayBeHeld(held.lock_class, wanted.lock_class))
          << held.name << " before " << wanted.name;
}

TEST(Hierarchy, NoDaemonLockIsHeldAcrossANotificationOrAnotherRequest) {
  for (const HierarchyRow& row : kHierarchy) {
    if (row.is_kernel) continue;
    EXPECT_FALSE(Allows(row.lock_class, Action::kNotify)) << row.name;
    EXPECT_FALSE(Allows(row.lock_class, Action::kWaitForRequest)) << row.name;
  }
}

TEST(Hierarchy, WhatEverythingWaitsForWaitsForNothingOfTheKernel) {
  for (LockClass leaf : {LockClass::kFolio, LockClass::kWriteback, LockClass::kNowrite})
    EXPECT_FALSE(Allows(leaf, Action::kWaitForRequest));
}

TEST(Hierarchy, UnderTheMappingLockOneOnlyTouchesMemory) {
  EXPECT_EQ(Row(LockClass::kMapping).may_do, 0u);
}

TEST(Hierarchy, ReadSectionsNeverWaitForTheirOwnEnd) {
  for (LockClass c : {LockClass::kReadSection, LockClass::kMapping, LockClass::kGrace})
    EXPECT_FALSE(Allows(c, Action::kWaitForGrace));
}

TEST(Hierarchy, WhoeverMayHoldTwoClassesMayHoldThemInOneWayOnly) {
  for (const HierarchyRow& a : kHierarchy)
    for (const HierarchyRow& b : kHierarchy)
      EXPECT_FALSE(MayBeHeld(a.lock_class, b.lock_class) && MayBeHeld(b.lock_class, a.lock_class));
}

TEST(Hierarchy, NamesOfActionsAndRulesAreKnown) {
  for (size_t i = 0; i < kActionCount; ++i) EXPECT_NE(Name(static_cast<Action>(i)), "?");
  EXPECT_NE(Name(SameClass::kShared), "?");
}

}  // namespace
}  // namespace faultline::lock
