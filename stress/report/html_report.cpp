// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "report/run_report.h"
#include "report/text_report.h"
#include "report/timeline_drawing.h"

namespace faultline::stress {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #8884; --bad: #d33; --good: #2a8; --reads: #48c;
  --writes: #e90; --zeroes: #a5a; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.number, th.number { text-align: right; }
.passed { color: var(--good); } .FAILED, .error { color: var(--bad); font-weight: 600; }
.violation { border-left: 4px solid var(--bad); padding: .1rem 1rem; margin: 1rem 0; }
pre { overflow-x: auto; font-size: 12px; } svg { width: 100%; } svg text { font-size: 12px;
  fill: currentColor; } text.tick { font-size: 10px; opacity: .7; }
text.guilty { font-weight: 700; fill: var(--bad); }
.lane, .tick { stroke: var(--line); } rect.reads { fill: var(--reads); }
rect.writes { fill: var(--writes); } rect.zeroes { fill: var(--zeroes); }
rect.guilty { stroke: var(--bad); stroke-width: 3; }
svg.histogram { width: 20rem; height: 2.2rem; } svg.histogram rect { fill: var(--reads); }
.key span { padding: 0 .5rem; margin-right: .7rem; color: #fff; border-radius: 3px; })";

std::string Row(const ScenarioResult& result) {
  std::string detail;
  for (const auto& [name, count] : result.counters) {
    double rate = result.seconds > 0 ? static_cast<double>(count) / result.seconds : 0;
    detail += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{:.0f}/s</td></tr>",
        EscapeXml(name), count, rate);
  }
  if (!detail.empty()) detail = "<table>" + detail + "</table>";
  for (const auto& [what, why] : result.left_out)
    detail += fmt::format("<div>not run: {}: {}</div>", EscapeXml(what), EscapeXml(why));
  return fmt::format(
      "<tr><td>{}</td><td class=\"{}\">{}</td><td class=\"number\">{:.1f} s</td>"
      "<td>{}</td><td>{} {}</td></tr>\n",
      EscapeXml(result.scenario), Name(result.outcome), Name(result.outcome), result.seconds,
      EscapeXml(FailedVerdicts(result)), EscapeXml(result.reason), detail);
}

std::string VerdictTable(const RunReport& report) {
  std::string text =
      "<table><tr><th>scenario</th><th>outcome</th><th class=\"number\">time</th>"
      "<th>violations</th><th>counts</th></tr>\n";
  for (const ScenarioResult& result : report.results) text += Row(result);
  return text + "</table>\n";
}

std::string Duration(uint64_t nanoseconds) {
  double time = static_cast<double>(nanoseconds);
  if (time < 1e3) return fmt::format("{:.0f} ns", time);
  if (time < 1e6) return fmt::format("{:.1f} us", time / 1e3);
  if (time < 1e9) return fmt::format("{:.1f} ms", time / 1e6);
  return fmt::format("{:.1f} s", time / 1e9);
}

/// One column for each power of two from 128 ns to 17 s.
std::string Histogram(const CallLatency& latency) {
  constexpr size_t kFirst = 7, kLast = 34;
  uint64_t most =
      std::max<uint64_t>(1, *std::max_element(latency.buckets.begin(), latency.buckets.end()));
  std::string bars;
  for (size_t i = kFirst; i < kLast; ++i) {
    if (latency.buckets[i] == 0) continue;
    double height =
        std::max(1.0, 34.0 * static_cast<double>(latency.buckets[i]) / static_cast<double>(most));
    bars += fmt::format(
        "<rect x=\"{}\" y=\"{:.1f}\" width=\"9\" height=\"{:.1f}\">"
        "<title>from {}: {}</title></rect>",
        10 * (i - kFirst), 34 - height, height, Duration(uint64_t{1} << i), latency.buckets[i]);
  }
  return fmt::format(
      "<svg class=\"histogram\" viewBox=\"0 0 {} 34\" "
      "preserveAspectRatio=\"none\">{}</svg>",
      10 * (kLast - kFirst), bars);
}

std::string Latencies(const ScenarioResult& result) {
  if (result.latencies.empty()) return {};
  std::string text = fmt::format(
      "<h2>Calls of {}</h2><table><tr><th>call</th><th class=\"number\">calls</th>"
      "<th class=\"number\">per second</th><th class=\"number\">mean</th>"
      "<th class=\"number\">median &lt;</th><th class=\"number\">99 % &lt;</th>"
      "<th>128 ns .. 17 s, by powers of two</th></tr>\n",
      EscapeXml(result.scenario));
  for (const CallLatency& latency : result.latencies) {
    double rate = result.seconds > 0 ? static_cast<double>(latency.count) / result.seconds : 0;
    text += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{:.0f}</td>"
        "<td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td>{}</td></tr>\n",
        EscapeXml(latency.call), latency.count, rate,
        Duration(latency.total / std::max<uint64_t>(1, latency.count)),
        Duration(latency.Quantile(0.5)), Duration(latency.Quantile(0.99)), Histogram(latency));
  }
  return text + "</table>\n";
}

std::string Evidence(const Violation& violation) {
  std::string lines;
  for (const std::string& line : violation.timeline) lines += EscapeXml(line) + "\n";
  return fmt::format(
      "<div class=\"violation\"><h3>{}: {}</h3><p>{}</p>{}"
      "<details{}><summary>operations</summary><pre>{}</pre></details></div>\n",
      Name(violation.verdict), EscapeXml(violation.where), EscapeXml(violation.what),
      DrawTimeline(violation.events), violation.events.empty() ? " open" : "", lines);
}

std::string Violations(const ScenarioResult& result) {
  if (result.violations.kept().empty()) return {};
  std::string text = fmt::format("<h2>Violations of {}</h2>\n", EscapeXml(result.scenario));
  text +=
      "<p class=\"key\"><span style=\"background:var(--writes)\">writes</span>"
      "<span style=\"background:var(--zeroes)\">zeroes</span>"
      "<span style=\"background:var(--reads)\">reads</span>red: the value that must not have "
      "been seen. Times are ranks: overlaps are exact, lengths are not.</p>\n";
  for (const Violation& violation : result.violations.kept()) text += Evidence(violation);
  return text;
}

}  // namespace

std::string HtmlReport(const RunReport& report) {
  std::string text = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<title>faultline-stress: {0}</title><style>{1}</style>\n"
      "<h1>faultline-stress: {2}</h1><p>{0} on {3} ({4}), seed {5}, exit {6}</p>\n",
      EscapeXml(report.settings.directory), kStyle, EscapeXml(Summary(report.results)),
      EscapeXml(report.filesystem.type), EscapeXml(report.filesystem.source), report.settings.seed,
      report.exit_code);
  text += VerdictTable(report);
  for (const ScenarioResult& result : report.results) text += Violations(result);
  for (const ScenarioResult& result : report.results) text += Latencies(result);
  return text + "</html>\n";
}

}  // namespace faultline::stress
