// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/run_report.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "report/timeline_drawing.h"

namespace faultline::stress {
namespace {

ScenarioResult Named(const char* name, Outcome outcome, const char* reason = "") {
  ScenarioResult result;
  result.scenario = name;
  result.outcome = outcome;
  result.reason = reason;
  return result;
}

std::vector<ScenarioResult> OneOfEach() {
  std::vector<ScenarioResult> results = {
      Named("good", Outcome::kPassed), Named("bad", Outcome::kFailed),
      Named("absent", Outcome::kNotRun, "no <punch> & #hole"), Named("old", Outcome::kKnown),
      Named("broken", Outcome::kError, "Input/output error")};
  Violation violation{Verdict::kTornCell, "file <1>", "mixed \"cells\"", {"line one"}};
  violation.events = {{0, 1000, 3, TimelineEvent::Kind::kWrites, "pwrite", "writer 3", false},
                      {500, 2000, 4, TimelineEvent::Kind::kReads, "pread", "torn", true}};
  results[1].violations.Add(violation);
  results[3].violations.Add({Verdict::kLostStore, "", "", {}});
  results[0].latencies = {{.call = "pread"}};
  results[0].latencies[0].Add(1000);
  return results;
}

class RunReportTest : public testing::Test {
 protected:
  Settings settings_;
  Filesystem filesystem_{};
  std::vector<ScenarioResult> results_ = OneOfEach();
  RunReport report_{settings_, filesystem_, results_, 1};
};

void ExpectParts(const std::string& text, std::vector<const char*> parts) {
  for (const char* part : parts) EXPECT_NE(text.find(part), std::string::npos) << part << text;
}

TEST_F(RunReportTest, TapTellsSkippedAndKnownFromPassedAndFailed) {
  ExpectParts(TapReport(report_),
              {"TAP version 13\n1..5\n", "\nok 1 - good\n", "\nnot ok 2 - bad\n",
               "\nok 3 - absent # SKIP no <punch> & -hole\n",
               "\nnot ok 4 - old # TODO known: lost store 1\n", "\nnot ok 5 - broken\n",
               "# torn cell: file <1>: mixed"});
}

TEST_F(RunReportTest, JUnitCountsAndEscapes) {
  std::string text = JUnitReport(report_);
  ExpectParts(text,
              {"tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"2\"",
               "<failure message=\"torn cell 1\">", "message=\"no &lt;punch&gt; &amp; #hole\"",
               "<error message=\"Input/output error\">", "known: lost store 1"});
  EXPECT_EQ(text.find("<1>"), std::string::npos);
}

TEST_F(RunReportTest, HtmlIsOnePageWithDrawingsAndLatencies) {
  std::string text = HtmlReport(report_);
  ExpectParts(
      text, {"<!doctype html>", "file &lt;1&gt;", "<svg viewBox", "thread 4",
             "rect class=\"reads guilty\"", "<svg class=\"histogram\"", "mixed &quot;cells&quot;"});
  for (const char* outside : {"http:", "https:", "src=", "<link", "<script"})
    EXPECT_EQ(text.find(outside), std::string::npos) << outside;
}

TEST_F(RunReportTest, FailsWhenAFileCannotBeWritten) {
  settings_.tap = "/nonexistent/tap";
  EXPECT_EQ(WriteReports(report_).error().code(), EIO);
}

TEST(TimelineDrawing, KeepsOverlapsExact) {
  std::vector<TimelineEvent> events(3);
  events[0].end = 10;
  events[1].begin = 5;
  events[1].end = 1'000'000'000;
  events[2].begin = 20;
  events[2].end = 30;
  std::string text = DrawTimeline(events);
  // Six instants; the ranks of 0, 5 and 20 are 0, 1 and 3.
  ExpectParts(text, {"x=\"167.3\" y=\"11\" width=\"333.3\"", "x=\"334.0\" y=\"37\" width=\"666.7\"",
                     "x=\"667.3\" y=\"63\" width=\"166.7\""});
  EXPECT_EQ(DrawTimeline({}), "");
}

TEST(CallLatency, BoundsItsQuantiles) {
  std::vector<CallLatency> latencies;
  std::vector<Operation> operations(100);
  for (size_t i = 0; i < 100; ++i) {
    operations[i].call = i < 90 ? "fast" : "slow";
    operations[i].when = {0, i < 90 ? 1000 : 1'000'000};
  }
  AddLatencies(operations, latencies);
  ASSERT_EQ(latencies.size(), 2u);
  EXPECT_EQ(latencies[0].count, 90u);
  EXPECT_EQ(latencies[0].total, 90'000u);
  EXPECT_EQ(latencies[0].Quantile(0.5), 1024u);
  EXPECT_EQ(latencies[1].Quantile(0.99), 1u << 20);
}

}  // namespace
}  // namespace faultline::stress
