// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mutant.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace faultline {
namespace {

TEST(Mutant, NamesAreDifferentAndExplained) {
  std::set<std::string_view> names;
  for (const MutantInfo& info : Mutants()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_GT(info.text.size(), 20u) << info.name;
  }
  EXPECT_GE(names.size(), 30u);
}

#ifdef FAULTLINE_TEST_POINTS
TEST(Mutant, OneAtATime) {
  ASSERT_TRUE(SeedMutant("no_mask"));
  EXPECT_TRUE(Mutated(Mutant::kNoMask));
  ASSERT_TRUE(SeedMutant("no_regrant"));
  EXPECT_FALSE(Mutated(Mutant::kNoMask));
  EXPECT_TRUE(Mutated(Mutant::kNoRegrant));
  ASSERT_TRUE(SeedMutant("none"));
  EXPECT_FALSE(Mutated(Mutant::kNoRegrant));
}

TEST(Mutant, UnknownNameIsRefused) {
  const Result<> seeded = SeedMutant("no_such");
  ASSERT_FALSE(seeded);
  EXPECT_EQ(seeded.error().code(), EINVAL);
}
#else
TEST(Mutant, BuildWithoutThemSaysSo) {
  const Result<> seeded = SeedMutant("no_mask");
  ASSERT_FALSE(seeded);
  EXPECT_EQ(seeded.error().code(), ENOTSUP);
}
#endif

}  // namespace
}  // namespace faultline
