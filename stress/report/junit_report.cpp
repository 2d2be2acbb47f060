// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "report/run_report.h"
#include "report/text_report.h"

namespace faultline::stress {
namespace {

std::string Element(const char* name, const std::string& message, const std::string& body) {
  return fmt::format("    <{0} message=\"{1}\">{2}</{0}>\n", name, EscapeXml(message),
                     EscapeXml(body));
}

std::string VerdictElement(const ScenarioResult& result) {
  switch (result.outcome) {
    case Outcome::kPassed: return {};
    case Outcome::kNotRun: return Element("skipped", result.reason, "");
    case Outcome::kKnown: return Element("skipped", "known: " + FailedVerdicts(result), "");
    case Outcome::kFailed:
      return Element("failure", FailedVerdicts(result), TextReport(std::span(&result, 1)));
    case Outcome::kStopped: return Element("error", "stopped", "");
    case Outcome::kError: return Element("error", result.reason, "");
  }
  return {};
}

long CountOf(const RunReport& report, std::initializer_list<Outcome> outcomes) {
  return std::count_if(report.results.begin(), report.results.end(), [&](const auto& result) {
    return std::find(outcomes.begin(), outcomes.end(), result.outcome) != outcomes.end();
  });
}

}  // namespace

std::string JUnitReport(const RunReport& report) {
  double seconds = 0;
  for (const ScenarioResult& result : report.results) seconds += result.seconds;
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"faultline-stress {}\" tests=\"{}\" failures=\"{}\" errors=\"{}\""
      " skipped=\"{}\" time=\"{:.3f}\">\n",
      EscapeXml(report.filesystem.type), report.results.size(), CountOf(report, {Outcome::kFailed}),
      CountOf(report, {Outcome::kStopped, Outcome::kError}),
      CountOf(report, {Outcome::kNotRun, Outcome::kKnown}), seconds);
  for (const ScenarioResult& result : report.results) {
    text += fmt::format(
        "  <testcase classname=\"faultline-stress\" name=\"{}\" time=\"{:.3f}\">\n{}  "
        "</testcase>\n",
        EscapeXml(result.scenario), result.seconds, VerdictElement(result));
  }
  return text + "</testsuite>\n";
}

}  // namespace faultline::stress
