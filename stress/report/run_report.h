// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "io/filesystem.h"
#include "run/settings.h"
#include "scenarios/scenario.h"

namespace faultline::stress {

/// All that a finished run has to tell.
struct RunReport {
  const Settings& settings;
  const Filesystem& filesystem;
  std::span<const ScenarioResult> results;
  int exit_code;
};

std::string JsonReport(const RunReport& report);
/// Test Anything Protocol, version 13: not run is SKIP, known is TODO.
std::string TapReport(const RunReport& report);
/// One test suite, one test case a scenario, as Jenkins and GitLab read it.
std::string JUnitReport(const RunReport& report);
/// One self-contained page: verdicts, rates, latencies, and drawings of violating cells.
std::string HtmlReport(const RunReport& report);

/// Writes those that the settings ask for; EIO names the file that could not be written.
Result<> WriteReports(const RunReport& report);

/// Text that is safe inside XML and HTML, also inside quotes.
std::string EscapeXml(const std::string& text);
/// "stale after punch 3, torn cell 1": what failed a scenario, without the kernel window.
std::string FailedVerdicts(const ScenarioResult& result);

}  // namespace faultline::stress
