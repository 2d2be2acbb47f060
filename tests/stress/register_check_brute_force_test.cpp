// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "check/register_check.h"
#include "io/random.h"

namespace faultline::stress {
namespace {

/// Searches all orders: exact, exponential, only for a handful of operations.
class BruteForce {
 public:
  explicit BruteForce(const CellHistory& history) {
    for (const Mutation& m : history.mutations) operations_.push_back({m.value, m.when, true});
    for (const Observation& o : history.observations)
      operations_.push_back({o.value, o.when, false});
    linearizable_ = Search(0, history.initial);
  }
  bool linearizable() const { return linearizable_; }

 private:
  struct Step {
    CellValue value;
    Interval when;
    bool writes;
  };

  bool Search(uint32_t done, CellValue holds) {
    if (done + 1 == 1u << operations_.size()) return true;
    if (!tried_.insert({done, holds}).second) return false;
    for (uint32_t i = 0; i < operations_.size(); ++i) {
      const Step& step = operations_[i];
      if ((done >> i & 1) != 0 || !MayComeNext(done, i)) continue;
      if (!step.writes && step.value != holds) continue;
      if (Search(done | 1u << i, step.writes ? step.value : holds)) return true;
    }
    return false;
  }

  bool MayComeNext(uint32_t done, uint32_t i) const {
    for (uint32_t j = 0; j < operations_.size(); ++j)
      if ((done >> j & 1) == 0 && operations_[j].when.Before(operations_[i].when)) return false;
    return true;
  }

  std::vector<Step> operations_;
  std::set<std::pair<uint32_t, CellValue>> tried_;
  bool linearizable_;
};

Interval DrawInterval(Random& random) {
  Instant begin = static_cast<Instant>(random.Below(40));
  return {begin, begin + static_cast<Instant>(random.Below(12))};
}

CellHistory DrawHistory(Random& random, bool with_zeros) {
  CellHistory history;
  history.initial = with_zeros && random.OneIn(2) ? kZeroValue : MakeValue(9, 1);
  std::vector<CellValue> values = {history.initial};
  for (uint64_t i = random.Below(4); i > 0; --i) {
    values.push_back(with_zeros && random.OneIn(2) ? kZeroValue : MakeValue(0, i));
    history.mutations.push_back(
        {values.back(), DrawInterval(random), Verdict::kStaleAfterWrite, false, false, 0});
  }
  for (uint64_t i = random.Below(5); i > 0; --i)
    history.observations.push_back(
        {values[random.Below(values.size())], DrawInterval(random), false, 0});
  return history;
}

std::string ToText(const CellHistory& history) {
  std::string text = "initially " + DescribeValue(history.initial);
  for (const Mutation& m : history.mutations)
    text += fmt::format("\n  set {} in [{}, {}]", DescribeValue(m.value), m.when.begin, m.when.end);
  for (const Observation& o : history.observations)
    text += fmt::format("\n  saw {} in [{}, {}]", DescribeValue(o.value), o.when.begin, o.when.end);
  return text;
}

constexpr int kHistories = 100'000;
constexpr uint64_t kSeed = 20'240'611;

TEST(RegisterCheckBruteForce, AgreesWhenValuesAreUnique) {
  Random random(kSeed);
  int illegal = 0;
  for (int i = 0; i < kHistories; ++i) {
    CellHistory history = DrawHistory(random, false);
    bool legal = BruteForce(history).linearizable();
    illegal += legal ? 0 : 1;
    ASSERT_EQ(!CheckCell(history, false), legal) << "seed " << kSeed << "\n" << ToText(history);
  }
  EXPECT_GT(illegal, kHistories / 20);
}

TEST(RegisterCheckBruteForce, NeverFlagsALegalHistoryWithZeros) {
  Random random(kSeed);
  int illegal = 0, flagged = 0;
  for (int i = 0; i < kHistories; ++i) {
    CellHistory history = DrawHistory(random, true);
    bool legal = BruteForce(history).linearizable();
    bool accepted = !CheckCell(history, false);
    illegal += legal ? 0 : 1;
    flagged += accepted ? 0 : 1;
    ASSERT_TRUE(accepted || !legal) << "seed " << kSeed << "\n" << ToText(history);
  }
  // What a choice of zeros hides is rare.
  EXPECT_GT(flagged, illegal * 97 / 100) << flagged << " of " << illegal;
}

}  // namespace
}  // namespace faultline::stress
