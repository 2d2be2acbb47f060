// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/program.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "durable/verify.h"
#include "report/progress.h"
#include "report/result_json.h"
#include "report/text_report.h"
#include "run/runner.h"
#include "run/supervisor.h"

namespace faultline::stress {
namespace {

int CannotRun(const Error& error) {
  fmt::print(stderr, "faultline-stress: {}\n", error.ToString());
  return error.code() == EINVAL ? kExitUsage : kExitCouldNotRun;
}

Result<> WriteJson(const Settings& settings, const Filesystem& filesystem,
                   std::span<const ScenarioResult> results, int exit_code) {
  nlohmann::json scenarios = nlohmann::json::array();
  for (const ScenarioResult& result : results) scenarios.push_back(ToJson(result));
  nlohmann::json report = {{"directory", settings.directory},
                           {"filesystem", filesystem.type},
                           {"source", filesystem.source},
                           {"seed", settings.seed},
                           {"exit", exit_code},
                           {"scenarios", scenarios}};
  std::ofstream file(settings.json);
  file << report.dump(2) << "\n";
  if (!file.flush()) return Fail(EIO, "cannot write {}", settings.json);
  return {};
}

/// What the working process does: verify, or the selected scenarios.
Supervisor::Work WorkFor(const Settings& settings, const Filesystem& filesystem,
                         std::vector<const Scenario*> selected) {
  return [&settings, &filesystem, selected](Pulse& pulse, const Supervisor::Report& report) {
    if (settings.verify)
      report(Verify(settings, pulse));
    else
      RunScenarios(selected, settings, filesystem, pulse, report);
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
  Pulse* pulse = Pulse::CreateShared();
  if (pulse == nullptr) return CannotRun(Error(ENOMEM));

  fmt::print("{} on {} ({}), seed {}\n", settings.directory, filesystem->type, filesystem->source,
             settings.seed);
  std::fflush(stdout);
  Progress progress;
  Supervisor supervisor(*pulse, filesystem->device, settings.hang_after, progress);
  auto results = supervisor.Run(WorkFor(settings, *filesystem, *selected));
  if (!results) return CannotRun(results.error());

  int exit_code = ExitCode(*results);
  fmt::print("{}{}, seed {}\n", TextReport(*results), Summary(*results), settings.seed);
  if (settings.json.empty()) return exit_code;
  auto written = WriteJson(settings, *filesystem, *results, exit_code);
  return written ? exit_code : CannotRun(written.error());
}

int ExitCode(std::span<const ScenarioResult> results) {
  auto any = [&](Outcome outcome) {
    return std::any_of(results.begin(), results.end(),
                       [&](const ScenarioResult& result) { return result.outcome == outcome; });
  };
  if (any(Outcome::kFailed)) return kExitViolation;
  if (any(Outcome::kError)) return kExitCouldNotRun;
  return any(Outcome::kPassed) ? kExitClean : kExitCouldNotRun;
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
