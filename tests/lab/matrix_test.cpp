// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lab/engine/explorer.h"
#include "lab/matrix/catalog.h"
#include "lab/matrix/expected.h"
#include "lab/matrix/result.h"

namespace faultline::lab {
namespace {

void ExpectAsExpected(const Cell& cell) {
  const CellResult result = Judge(cell, Explore(cell.build()));
  EXPECT_TRUE(result.Matches()) << cell.Name() << " is " << result.verdict << ", expected "
                                << result.expected << " (" << result.reason << ") "
                                << result.schedule;
}

std::set<std::string> Designs(const std::string& family) {
  std::set<std::string> names;
  for (const Cell& cell : SelectCells({.family = family, .design = {}, .race = {}})) {
    names.insert(cell.family + "/" + cell.design);
  }
  return names;
}

TEST(Matrix, EveryCellHasOneExpectedVerdictWithAReason) {
  std::set<std::string> cells;
  for (const Cell& cell : SelectCells())
    EXPECT_TRUE(cells.insert(cell.Name()).second) << cell.Name();
  std::set<std::string> lines;
  for (const ExpectedVerdict& e : ExpectedVerdicts()) {
    const Cell cell{std::string(e.family), std::string(e.design), std::string(e.race), {}};
    EXPECT_TRUE(lines.insert(cell.Name()).second) << cell.Name();
    EXPECT_FALSE(e.reason.empty()) << cell.Name();
  }
  EXPECT_EQ(cells, lines);
}

// Each kind of bug that the table knows is worth a schedule in every run of the tests.
TEST(Matrix, UnsoundCellsAreFound) {
  for (const Cell& cell : SelectCells()) {
    if (Expected(cell)->verdict != Violation::kSound) ExpectAsExpected(cell);
  }
}

TEST(Matrix, FreezeIsAsExpected) {
  for (const Cell& cell : SelectCells({.family = "freeze", .design = {}, .race = {}}))
    ExpectAsExpected(cell);
}

TEST(Matrix, PublishMaskInvalidateIsSoundAgainstPunch) {
  for (const char* race : {"fault_punch", "mkwrite_punch", "mkwrite_collapse"}) {
    ExpectAsExpected(*FindCell(std::string("killer/publish_mask_invalidate/") + race));
  }
}

class MatrixFull : public testing::TestWithParam<std::string> {};

TEST_P(MatrixFull, IsAsExpected) {
  for (const Cell& cell : SelectCells()) {
    if (cell.family + "/" + cell.design == GetParam()) ExpectAsExpected(cell);
  }
}

std::string TestName(const testing::TestParamInfo<std::string>& instance) {
  std::string name = instance.param;
  std::ranges::replace(name, '/', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Mapping, MatrixFull, testing::ValuesIn(Designs("mapping")), TestName);
INSTANTIATE_TEST_SUITE_P(Killer, MatrixFull, testing::ValuesIn(Designs("killer")), TestName);
INSTANTIATE_TEST_SUITE_P(Freeze, MatrixFull, testing::ValuesIn(Designs("freeze")), TestName);

std::vector<CellResult> Pretended() {
  std::vector<CellResult> results;
  for (const Cell& cell : SelectCells()) {
    Exploration exploration;
    exploration.verdict = Expected(cell)->verdict;
    results.push_back(Judge(cell, exploration));
  }
  return results;
}

TEST(Shard, PartsAreDisjointAndComplete) {
  const auto cells = SelectCells();
  std::multiset<std::string> names;
  for (size_t i = 1; i <= 4; ++i) {
    for (const Cell& cell : Part(cells, *ParseShard(std::to_string(i) + "/4")))
      names.insert(cell.Name());
  }
  EXPECT_EQ(names.size(), cells.size());
  for (const Cell& cell : cells) EXPECT_EQ(names.count(cell.Name()), 1u);
}

TEST(Shard, RefusesWhatIsNone) {
  for (const char* text : {"", "1", "0/2", "3/2", "a/b", "1/2/3", "1/"})
    EXPECT_FALSE(ParseShard(text)) << text;
}

TEST(Merge, RestoresTheOrderOfTheTable) {
  auto results = Pretended();
  std::ranges::reverse(results);
  const auto read_back = FromJson(ToJson(results).dump());
  ASSERT_TRUE(read_back);
  const auto merged = Merge(*read_back);
  ASSERT_TRUE(merged);
  ASSERT_EQ(merged->size(), results.size());
  EXPECT_EQ(merged->front().race, Pretended().front().race);
  EXPECT_TRUE(std::ranges::all_of(*merged, &CellResult::Matches));
}

TEST(Merge, MissesAShardThatIsNotThere) {
  auto results = Pretended();
  results.erase(results.begin() + 5);
  EXPECT_FALSE(Merge(results));
}

TEST(Merge, RefusesTwoVerdictsForOneCell) {
  auto results = Pretended();
  results.push_back(results.front());
  EXPECT_TRUE(Merge(results));
  results.back().verdict = "deadlock";
  EXPECT_FALSE(Merge(results));
}

TEST(Merge, RefusesOtherFiles) {
  for (const char* text : {"", "[]", "{}", "{\"format\": \"faultline-lab matrix 1\"}"}) {
    EXPECT_FALSE(FromJson(text)) << text;
  }
}

TEST(Result, AnIncompleteExplorationProvesNothing) {
  const auto cell = FindCell("freeze/ranks/mkwrite");
  EXPECT_TRUE(Judge(*cell, Explore(cell->build())).Matches());
  EXPECT_FALSE(Judge(*cell, Explore(cell->build(), 100)).Matches());
}

}  // namespace
}  // namespace faultline::lab
