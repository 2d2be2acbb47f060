// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/rules.h"

#include <gtest/gtest.h>

#include <array>

#include "lab/engine/explorer.h"
#include "lab/matrix/catalog.h"
#include "lab/matrix/expected.h"

namespace faultline::lab {
namespace {

// A cell whose verdict rests on the rule, and what a model without the rule says.
struct Dependence {
  Rule rule;
  const char* cell;
  Violation without;
};

constexpr std::array<Dependence, static_cast<size_t>(Rule::kCount)> kDependences = {{
    {Rule::kExclusion, "freeze/ranks/writeback", Violation::kFreezePassed},
    {Rule::kWriterFirst, "mapping/mmap_sem/write_own", Violation::kSound},
    {Rule::kFolioLock, "freeze/ranks/writeback", Violation::kLostStore},
    {Rule::kTlbFlush, "mapping/mmap_sem/cow_wp_write", Violation::kLostStore},
    {Rule::kWriteProtect, "killer/fuse_plain/mkwrite_edge", Violation::kLostStore},
    {Rule::kRedirty, "freeze/ranks/writeback", Violation::kLostStore},
    {Rule::kWaitWriteback, "killer/invalidate_lock/mkwrite_truncate", Violation::kRecycledBlock},
    {Rule::kSizeCheck, "killer/uptodate_recheck/mkwrite_truncate", Violation::kStaleData},
    {Rule::kMappingCheck, "killer/page_lock/fault_migrate", Violation::kStaleMapping},
    {Rule::kRefault, "mapping/mmap_sem/cow_wp_write", Violation::kLostStore},
    {Rule::kReference, "mapping/vma_refcount/gup_keeps_vma", Violation::kFreedVma},
    {Rule::kGracePeriod, "mapping/srcu/gup_keeps_vma", Violation::kFreedVma},
    {Rule::kSequence, "mapping/speculative/mremap_cached", Violation::kPteOverwritten},
    {Rule::kBarrier, "killer/uptodate_recheck/fault_truncate", Violation::kStaleMapping},
    {Rule::kReleaseOrders, "killer/uptodate_recheck_nobarrier/mkwrite_truncate",
     Violation::kStaleMapping},
    {Rule::kPinnedNotMoved, "killer/page_lock/fault_gup", Violation::kLostStore},
    {Rule::kMask, "killer/publish_mask_invalidate/mkwrite_collapse", Violation::kStaleData},
    {Rule::kRegrant, "killer/publish_mask_invalidate/mkwrite_collapse", Violation::kLostStore},
    {Rule::kNowrite, "killer/fuse_plain/mkwrite_truncate", Violation::kStaleData},
    {Rule::kInvalidate, "killer/publish_invalidate/fault_collapse", Violation::kStaleData},
    {Rule::kCopiesAwaited, "killer/publish_mask_invalidate_6_15/mkwrite_collapse",
     Violation::kStaleData},
    {Rule::kReclaimGrace, "killer/publish_mask_invalidate/fault_collapse",
     Violation::kRecycledBlock},
    {Rule::kFreezeHolds, "freeze/ranks/internal_writer", Violation::kFreezePassed},
    {Rule::kFreezeFlush, "freeze/ranks/writeback", Violation::kFreezePassed},
}};

class BrokenRule : public testing::TestWithParam<Dependence> {};

TEST_P(BrokenRule, IsNoticed) {
  const auto cell = FindCell(GetParam().cell);
  ASSERT_TRUE(cell);
  System system = cell->build();
  EXPECT_EQ(Explore(system).verdict, Expected(*cell)->verdict);
  system.Break(GetParam().rule);
  EXPECT_EQ(Name(Explore(system).verdict), Name(GetParam().without));
}

INSTANTIATE_TEST_SUITE_P(Rules, BrokenRule, testing::ValuesIn(kDependences),
                         [](const auto& instance) {
                           return std::string(
                               AllRules()[static_cast<size_t>(instance.param.rule)].name);
                         });

TEST(Rules, EachHasOneNameAndOneDependence) {
  for (size_t i = 0; i < kDependences.size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(kDependences[i].rule), i);
    EXPECT_EQ(static_cast<size_t>(AllRules()[i].rule), i);
    EXPECT_EQ(FindRule(AllRules()[i].name), AllRules()[i].rule);
  }
}

TEST(Rules, BreakingOneLeavesTheOthers) {
  const Rules rules = Rules::Without(Rule::kMask);
  EXPECT_FALSE(rules.Hold(Rule::kMask));
  EXPECT_TRUE(rules.Hold(Rule::kRegrant));
  EXPECT_TRUE(Rules().Hold(Rule::kMask));
}

}  // namespace
}  // namespace faultline::lab
