// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenarios/races.h"

#include "race/race.h"

namespace faultline::stress {
namespace {

void AddCounters(const RaceOutcome& outcome, ScenarioResult& result) {
  result.counters = {{"rounds", outcome.rounds},
                     {"stale", outcome.stale_rounds},
                     {"lost", outcome.lost_rounds},
                     {"kernel window", outcome.window_rounds},
                     {"stores", outcome.stores}};
  if (outcome.reported_rounds > 0)
    result.counters.emplace_back("reported by EIO, not judged", outcome.reported_rounds);
  if (!outcome.direct_reads) result.left_out.emplace_back("O_DIRECT reads", "cannot be had here");
}

ScenarioResult RunKiller(KillerKind kind, const ScenarioContext& context) {
  ScenarioResult result;
  auto killer = MakeKiller(kind, context.directory, context.run);
  if (!killer) {
    result.reason = killer.error().ToString();
    return result;
  }
  RaceOptions options{context.directory, context.run, context.seed, context.settings.Races(),
                      context.filesystem.IsFuse()};
  context.pulse.goal = options.rounds;
  auto outcome = RunRace(**killer, options, context.pulse);
  if (!outcome) {
    result.reason = outcome.error().ToString();
    return result;
  }
  AddCounters(*outcome, result);
  result.violations = std::move(outcome->violations);
  result.Conclude(outcome->rounds < options.rounds, outcome->error);
  return result;
}

}  // namespace

ScenarioResult RunRacePunch(const ScenarioContext& context) {
  return RunKiller(KillerKind::kPunch, context);
}
ScenarioResult RunRaceZero(const ScenarioContext& context) {
  return RunKiller(KillerKind::kZero, context);
}
ScenarioResult RunRaceTruncate(const ScenarioContext& context) {
  return RunKiller(KillerKind::kTruncate, context);
}
ScenarioResult RunRaceCopy(const ScenarioContext& context) {
  return RunKiller(KillerKind::kCopy, context);
}
ScenarioResult RunRaceDirect(const ScenarioContext& context) {
  return RunKiller(KillerKind::kDirect, context);
}

}  // namespace faultline::stress
