// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "report/run_report.h"

namespace faultline::stress {
namespace {

/// A '#' in a description would begin a directive, a line break would end the line.
std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '#', '-');
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string Directive(const ScenarioResult& result) {
  if (result.outcome == Outcome::kNotRun) return " # SKIP " + OneLine(result.reason);
  if (result.outcome == Outcome::kKnown) return " # TODO known: " + FailedVerdicts(result);
  return {};
}

void AppendDiagnostics(const ScenarioResult& result, std::string& text) {
  if (result.outcome == Outcome::kStopped || result.outcome == Outcome::kError)
    text += fmt::format("# {} {}\n", Name(result.outcome), OneLine(result.reason));
  for (const auto& [name, count] : result.counters) text += fmt::format("# {} {}\n", count, name);
  for (const auto& [what, why] : result.left_out)
    text += fmt::format("# not run: {}: {}\n", OneLine(what), OneLine(why));
  for (const Violation& violation : result.violations.kept()) {
    text += fmt::format("# {}: {}: {}\n", Name(violation.verdict), OneLine(violation.where),
                        OneLine(violation.what));
    for (const std::string& line : violation.timeline)
      text += fmt::format("#     {}\n", OneLine(line));
  }
}

}  // namespace

std::string TapReport(const RunReport& report) {
  std::string text =
      fmt::format("TAP version 13\n1..{}\n# {} on {}, seed {}\n", report.results.size(),
                  OneLine(report.settings.directory), report.filesystem.type, report.settings.seed);
  size_t number = 0;
  for (const ScenarioResult& result : report.results) {
    bool ok = result.outcome == Outcome::kPassed || result.outcome == Outcome::kNotRun;
    text += fmt::format("{} {} - {}{}\n", ok ? "ok" : "not ok", ++number, result.scenario,
                        Directive(result));
    AppendDiagnostics(result, text);
  }
  return text;
}

}  // namespace faultline::stress
