// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/text_report.h"

#include <fmt/format.h>

#include <algorithm>

namespace faultline::stress {
namespace {

std::string Counters(const ScenarioResult& result) {
  std::string text;
  for (const auto& [name, count] : result.counters)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  return text;
}

void AppendRow(const ScenarioResult& result, std::string& text) {
  std::string detail = result.reason.empty() ? Counters(result) : result.reason;
  text += fmt::format("{:<15} {:<8} {:>7.1f} s  {}\n", result.scenario, Name(result.outcome),
                      result.seconds, detail);
  for (const auto& [what, why] : result.left_out)
    text += fmt::format("{:<15} {:<8} {:>9}  {}: {}\n", "", "not run", "", what, why);
}

void AppendViolations(const ScenarioResult& result, std::string& text) {
  for (const auto& [verdict, count] : result.violations.counts()) {
    if (verdict == Verdict::kKernelWindow || count == 0) continue;
    text += fmt::format("\n{}: {}, {} times\n", result.scenario, Name(verdict), count);
    for (const Violation& violation : result.violations.kept()) {
      if (violation.verdict != verdict) continue;
      text += fmt::format("  {}: {}\n", violation.where, violation.what);
      for (const std::string& line : violation.timeline) text += fmt::format("      {}\n", line);
    }
  }
}

}  // namespace

std::string TextReport(std::span<const ScenarioResult> results) {
  std::string text;
  for (const ScenarioResult& result : results) AppendViolations(result, text);
  if (!text.empty()) text += "\n";
  for (const ScenarioResult& result : results) AppendRow(result, text);
  return text;
}

std::string Summary(std::span<const ScenarioResult> results) {
  std::string text = fmt::format("{} scenarios:", results.size());
  const char* separator = " ";
  for (Outcome outcome : {Outcome::kPassed, Outcome::kFailed, Outcome::kKnown, Outcome::kNotRun,
                          Outcome::kStopped, Outcome::kError}) {
    auto count = std::count_if(results.begin(), results.end(),
                               [&](const ScenarioResult& r) { return r.outcome == outcome; });
    if (count == 0) continue;
    text += fmt::format("{}{} {}", separator, count, Name(outcome));
    separator = ", ";
  }
  return text;
}

}  // namespace faultline::stress
