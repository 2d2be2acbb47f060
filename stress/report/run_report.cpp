// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/run_report.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>

#include "report/result_json.h"

namespace faultline::stress {
namespace {

Result<> WriteReport(const std::string& path, const RunReport& report,
                     std::string (*format)(const RunReport&)) {
  if (path.empty()) return {};
  std::ofstream file(path);
  file << format(report);
  if (!file.flush()) return Fail(EIO, "cannot write {}", path);
  return {};
}

}  // namespace

std::string JsonReport(const RunReport& report) {
  nlohmann::json scenarios = nlohmann::json::array();
  for (const ScenarioResult& result : report.results) scenarios.push_back(ToJson(result));
  nlohmann::json json = {{"directory", report.settings.directory},
                         {"filesystem", report.filesystem.type},
                         {"source", report.filesystem.source},
                         {"seed", report.settings.seed},
                         {"exit", report.exit_code},
                         {"scenarios", scenarios}};
  return json.dump(2) + "\n";
}

Result<> WriteReports(const RunReport& report) {
  FL_TRY(WriteReport(report.settings.json, report, JsonReport));
  FL_TRY(WriteReport(report.settings.tap, report, TapReport));
  FL_TRY(WriteReport(report.settings.junit, report, JUnitReport));
  return WriteReport(report.settings.html, report, HtmlReport);
}

/// Control characters cannot be written in XML at all.
std::string EscapeXml(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      case '\n': escaped += c; break;
      default: escaped += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return escaped;
}

std::string FailedVerdicts(const ScenarioResult& result) {
  std::string text;
  for (const auto& [verdict, count] : result.violations.counts()) {
    if (verdict == Verdict::kKernelWindow || count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", Name(verdict), count);
  }
  return text;
}

}  // namespace faultline::stress
