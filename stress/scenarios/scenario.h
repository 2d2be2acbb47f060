// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "check/verdict.h"
#include "history/call_latency.h"
#include "io/filesystem.h"
#include "run/pulse.h"
#include "run/settings.h"

namespace faultline::stress {

struct ScenarioContext {
  const Settings& settings;
  Pulse& pulse;
  const Filesystem& filesystem;
  std::string directory;  // empty, on the filesystem under test, the scenario's own
  uint64_t run;
  uint64_t seed;
};

enum class Outcome : uint8_t {
  kPassed,
  kFailed,
  kNotRun,   // this filesystem cannot do it
  kStopped,  // by the user, before it had done its work
  kKnown,    // it failed, in ways that --known lists, and in no other
  kError,    // an error ended it (EIO, ENOSPC, ...): it proves nothing
};

const char* Name(Outcome outcome);

struct ScenarioResult {
  std::string scenario;
  Outcome outcome = Outcome::kNotRun;
  std::string reason;  // for kNotRun and kError
  std::vector<std::pair<std::string, uint64_t>> counters;
  std::vector<std::pair<std::string, std::string>> left_out;  // part of it, and why
  std::vector<CallLatency> latencies;                         // of each kind of call
  ViolationLog violations;
  double seconds = 0;

  /// Sets the outcome; a violation outweighs an error, an error that it was stopped.
  void Conclude(bool stopped, const std::optional<Error>& error);
};

struct Scenario {
  const char* name;
  const char* summary;
  const char* explanation;
  ScenarioResult (*run)(const ScenarioContext& context);
};

/// In the order in which a suite runs them.
std::span<const Scenario> AllScenarios();
const Scenario* FindScenario(const std::string& name);

}  // namespace faultline::stress
