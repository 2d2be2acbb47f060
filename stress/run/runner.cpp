// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/runner.h"

#include <fmt/format.h>

#include <filesystem>
#include <random>
#include <utility>

#include "durable/crash_log.h"
#include "durable/manifest.h"
#include "io/fault_guard.h"
#include "io/random.h"

namespace faultline::stress {
namespace {

namespace fs = std::filesystem;

/// A directory of its own for one scenario, gone with the object unless it is kept.
class ScenarioDirectory {
 public:
  static Result<ScenarioDirectory> Make(const Settings& settings, const Scenario& scenario) {
    bool crash = !settings.crash_log.empty();
    bool keep = crash || (settings.keep && std::string(scenario.name) == "cells");
    std::string path = crash  ? CrashDirectory(settings)
                       : keep ? KeptDirectory(settings)
                              : fmt::format("{}/faultline-stress.{}.{}", settings.directory,
                                            scenario.name, getpid());
    std::error_code error;
    fs::remove_all(path, error);
    if (!fs::create_directory(path, error)) return Fail(error.value(), "mkdir {}", path);
    return ScenarioDirectory(path, keep);
  }
  ScenarioDirectory(ScenarioDirectory&& other) noexcept
      : path_(std::exchange(other.path_, {})), keep_(other.keep_) {}
  ~ScenarioDirectory() {
    std::error_code ignored;
    if (!keep_ && !path_.empty()) fs::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  ScenarioDirectory(std::string path, bool keep) : path_(std::move(path)), keep_(keep) {}

  std::string path_;
  bool keep_;
};

/// Runs instead of the others with --crash-log: it only makes sense with a crash and --verify.
constexpr Scenario kCrashWriters = {"crash-writers", "writers that log what they synced", "",
                                    RunCrashWriters};

uint64_t RandomRun() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

ScenarioResult RunOne(const Scenario& scenario, const Settings& settings,
                      const Filesystem& filesystem, Pulse& pulse) {
  pulse.Begin(scenario.name);
  auto directory = ScenarioDirectory::Make(settings, scenario);
  if (!directory) {
    ScenarioResult result;
    result.outcome = Outcome::kError;
    result.reason = directory.error().ToString();
    return result;
  }
  return scenario.run({settings, pulse, filesystem, directory->path(), RandomRun(), settings.seed});
}

}  // namespace

Result<std::vector<const Scenario*>> Select(const Settings& settings) {
  std::vector<const Scenario*> selected;
  if (!settings.crash_log.empty()) return std::vector{&kCrashWriters};
  for (const std::string& name : settings.scenarios) {
    const Scenario* scenario = FindScenario(name);
    if (scenario == nullptr) return Fail(EINVAL, "no scenario is called '{}'; see 'list'", name);
    selected.push_back(scenario);
  }
  if (selected.empty())
    for (const Scenario& scenario : AllScenarios()) selected.push_back(&scenario);
  return selected;
}

void RunScenarios(const std::vector<const Scenario*>& scenarios, const Settings& settings,
                  const Filesystem& filesystem, Pulse& pulse,
                  const std::function<void(const ScenarioResult&)>& done) {
  InstallFaultHandler();
  for (const Scenario* scenario : scenarios) {
    Instant start = Now();
    ScenarioResult result = RunOne(*scenario, settings, filesystem, pulse);
    result.scenario = scenario->name;
    result.seconds = 1e-9 * static_cast<double>(Now() - start);
    done(result);
    if (pulse.stop) break;
  }
}

}  // namespace faultline::stress
