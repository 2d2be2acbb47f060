// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "lab/engine/explorer.h"
#include "lab/matrix/catalog.h"
#include "lab/matrix/expected.h"
#include "lab/report/table.h"
#include "lab/report/trace.h"
#include "support/paths.h"

namespace faultline::lab {
namespace {

using testing::HasSubstr;

TEST(Replay, EveryFoundScheduleLeadsToItsVerdict) {
  for (const Cell& cell : SelectCells()) {
    if (Expected(cell)->verdict == Violation::kSound) continue;
    const CellResult result = Judge(cell, Explore(cell.build()));
    const auto trace = Replay(result.schedule);
    ASSERT_TRUE(trace) << result.schedule << ": " << trace.error().message();
    EXPECT_THAT(trace->outcome, HasSubstr(result.verdict)) << result.schedule;
  }
}

TEST(Replay, PrintsAColumnForEachThread) {
  const auto trace = Replay("freeze/counted/write_from_mapping:a2bcd");
  ASSERT_TRUE(trace);
  const std::string text = FormatColumns(*trace);
  EXPECT_THAT(text, HasSubstr("write(2)"));
  EXPECT_THAT(text, HasSubstr("   1  down_read sb_write\n"));
  EXPECT_THAT(text, HasSubstr("=> deadlock: write(2) waits at \"down_read mmap_lock\""));
}

TEST(Replay, DrawsEveryStep) {
  const auto trace = Replay("freeze/counted/write_from_mapping:a2bcd");
  ASSERT_TRUE(trace);
  const std::string svg = FormatSvg(*trace, "a < b");
  EXPECT_THAT(svg, HasSubstr("a &lt; b"));
  EXPECT_THAT(svg, HasSubstr("down_read sb_write"));
  EXPECT_THAT(svg, HasSubstr("</svg>"));
}

TEST(Replay, RefusesWhatCannotHappen) {
  for (const char* text :
       {"", "no/such/cell:a", "freeze/ranks/mkwrite:z", "freeze/ranks/mkwrite:d",
        "freeze/ranks/mkwrite:A", "freeze/ranks/mkwrite:*", "freeze/ranks/mkwrite:200c"}) {
    EXPECT_FALSE(Replay(text)) << text;
  }
}

TEST(Replay, AnUnfinishedScheduleIsNoViolation) {
  const auto trace = Replay("freeze/ranks/mkwrite:a");
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->outcome, "no violation so far");
}

TEST(Table, MarksWhatIsNotAsExpected) {
  auto results = ExpectedResults();
  EXPECT_EQ(FormatMatrix(results, TableStyle::kMarkdown).find('!'), std::string::npos);
  results.back().verdict = "deadlock";
  EXPECT_THAT(FormatMatrix(results, TableStyle::kMarkdown), HasSubstr("deadlock !"));
  EXPECT_THAT(FormatTotals(results), HasSubstr("355 as expected"));
}

// The tables of docs/lab.md are what is expected now.
TEST(Document, HoldsTheExpectedTables) {
  std::ifstream file(test::SourceDirectory() / "docs/lab.md");
  ASSERT_TRUE(file) << "run stress/lab/make_doc";
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr(FormatMatrix(ExpectedResults(), TableStyle::kMarkdown)));
}

}  // namespace
}  // namespace faultline::lab
