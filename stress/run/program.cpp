// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "durable/verify.h"
#include "report/known_failures.h"
#include "report/progress.h"
#include "report/run_report.h"
#include "report/text_report.h"
#include "run/runner.h"
#include "run/supervisor.h"

namespace faultline::stress {
namespace {

int CannotRun(const Error& error) {
  fmt::print(stderr, "faultline-stress: {}\n", error.ToString());
  return error.code() == EINVAL ? kExitUsage : kExitCouldNotRun;
}

Result<KnownFailures> LoadKnown(const Settings& settings) {
  if (settings.known.empty()) return KnownFailures();
  return KnownFailures::Load(settings.known);
}

/// What the working process does: verify, or the selected scenarios.
Supervisor::Work WorkFor(const Settings& settings, const Filesystem& filesystem,
                         const KnownFailures& known, std::vector<const Scenario*> selected) {
  return [&, selected](Pulse& pulse, const Supervisor::Report& report) {
    auto judged = [&](ScenarioResult result) {
      known.Apply(result);
      report(result);
    };
    if (settings.verify)
      judged(Verify(settings, pulse));
    else
      RunScenarios(selected, settings, filesystem, pulse, judged);
  };
}

}  // namespace

int RunProgram(const Settings& settings) {
  auto filesystem = FindFilesystem(settings.directory);
  if (!filesystem) {
    fmt::print(stderr, "faultline-stress: {}\n", filesystem.error().ToString());
    return kExitCouldNotRun;
  }
  auto selected = Select(settings);
  if (!selected) return CannotRun(selected.error());
  auto known = LoadKnown(settings);
  if (!known) return CannotRun(known.error());
  Pulse* pulse = Pulse::CreateShared();
  if (pulse == nullptr) return CannotRun(Error(ENOMEM));

  fmt::print("{} on {} ({}), seed {}\n", settings.directory, filesystem->type, filesystem->source,
             settings.seed);
  std::fflush(stdout);
  Progress progress;
  Supervisor supervisor(*pulse, filesystem->device, settings.hang_after, progress);
  auto results = supervisor.Run(WorkFor(settings, *filesystem, *known, *selected));
  if (!results) return CannotRun(results.error());

  for (ScenarioResult& result : *results) known->Apply(result);  // also a hang
  for (const std::string& line : known->NotSeen(*results))
    fmt::print("known failure that did not occur: {}\n", line);
  int exit_code = ExitCode(*results);
  fmt::print("{}{}, seed {}\n", TextReport(*results), Summary(*results), settings.seed);
  auto written = WriteReports({settings, *filesystem, *results, exit_code});
  return written ? exit_code : CannotRun(written.error());
}

int ExitCode(std::span<const ScenarioResult> results) {
  auto any = [&](Outcome outcome) {
    return std::any_of(results.begin(), results.end(),
                       [&](const ScenarioResult& result) { return result.outcome == outcome; });
  };
  if (any(Outcome::kFailed)) return kExitViolation;
  if (any(Outcome::kError)) return kExitCouldNotRun;
  return any(Outcome::kPassed) || any(Outcome::kKnown) ? kExitClean : kExitCouldNotRun;
}

std::string ListScenarios() {
  std::string text;
  for (const Scenario& scenario : AllScenarios()) {
    text += fmt::format("{}: {}\n", scenario.name, scenario.summary);
    std::string explanation = scenario.explanation;
    for (size_t begin = 0; begin < explanation.size();) {
      size_t end = std::min(explanation.find('\n', begin), explanation.size());
      text += fmt::format("    {}\n", explanation.substr(begin, end - begin));
      begin = end + 1;
    }
    text += "\n";
  }
  return text;
}

}  // namespace faultline::stress
