// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/mutant.h"
#include "lab/cli/command.h"
#include "lab/matrix/catalog.h"
#include "lab/real/real_explorer.h"

namespace faultline::lab {
namespace {

namespace po = boost::program_options;
using nlohmann::json;

json ToJson(const RealOutcome& o) {
  return {{"race", o.race},         {"mutant", o.mutant},       {"verdict", o.verdict},
          {"schedule", o.schedule}, {"schedules", o.schedules}, {"turns", o.turns},
          {"complete", o.complete}, {"seconds", o.seconds}};
}

std::string FormatLine(const RealOutcome& o) {
  return fmt::format("{:32} {:18} {:>7} schedules {}{:6.2f} s  {}{}{}", o.race,
                     o.mutant == "none" ? "" : o.mutant, o.schedules,
                     o.complete ? "(all)  " : "       ", o.seconds, o.verdict,
                     o.schedule.empty() ? "" : "\n    faultline-lab replay ", o.schedule);
}

Result<std::vector<RealRace>> Chosen(const po::variables_map& values) {
  if (values.count("race") == 0) return RealRaces();
  std::vector<RealRace> races;
  for (const std::string& name : values["race"].as<std::vector<std::string>>()) {
    FL_ASSIGN_OR_RETURN(RealRace race, ParseRace(name));
    races.push_back(std::move(race));
  }
  return races;
}

// Races one after the other; with a mutant until one of them finds it.
std::vector<RealOutcome> Explore(const std::vector<RealRace>& races, const RealOptions& options,
                                 bool print) {
  std::vector<RealOutcome> outcomes;
  for (const RealRace& race : races) {
    outcomes.push_back(ExploreReal(race, options));
    if (print && (options.mutant == "none" || !outcomes.back().Safe()))
      fmt::print("{}\n", FormatLine(outcomes.back())), fflush(stdout);
    if (options.mutant != "none" && !outcomes.back().Safe()) break;
  }
  return outcomes;
}

int List() {
  fmt::print("actors\n");
  for (const Actor& actor : Actors()) fmt::print("  {:14} {}\n", actor.name, actor.text);
  fmt::print("\nraces\n");
  for (const RealRace& race : RealRaces()) fmt::print("  {}\n", race.name);
  fmt::print("\nmutants\n");
  for (const MutantInfo& mutant : Mutants()) fmt::print("  {:22} {}\n", mutant.name, mutant.text);
  return kAsExpected;
}

}  // namespace

int RealCommand(const Arguments& arguments) {
  RealOptions real;
  po::options_description options("options");
  auto add = options.add_options();
  add("list", "print the actors, the races and the mutants");
  add("race", po::value<std::vector<std::string>>(), "actors, as punch+page-out (default: all)");
  add("preemptions", po::value(&real.preemptions), "every schedule with at most so many (2)");
  add("most", po::value(&real.most), "give up on a race after so many schedules (20000)");
  add("random", po::value(&real.random), "then so many with random priorities (0)");
  add("seed", po::value(&real.seed), "of the first random schedule (1)");
  add("mutant", po::value(&real.mutant), "seed this bug, or 'all' of them (test builds)");
  add("shard", po::value<std::string>(), "I/N: only the I-th of N parts of the races");
  add("json", po::value<std::string>()->implicit_value("-"),
      "write JSON (to a file, or - for stdout)");
  int exit_code = 0;
  const auto values = Parse(arguments, options, "real [--race A+B]... [--mutant NAME]", exit_code);
  if (!values) return exit_code;
  if (values->count("list") != 0) return List();
  auto races = Chosen(*values);
  if (!races) return fmt::print(stderr, "faultline-lab: {}\n", races.error().message()), kUsage;
  if (values->count("shard") != 0) {
    const auto shard = ParseShard((*values)["shard"].as<std::string>());
    if (!shard) return fmt::print(stderr, "faultline-lab: --shard wants I/N\n"), kUsage;
    races = Part(*races, *shard);
  }
  std::vector<std::string> mutants = {real.mutant};
  if (real.mutant == "all") {
    mutants.clear();
    for (const MutantInfo& mutant : Mutants()) mutants.emplace_back(mutant.name);
  } else if (auto known = SeedMutant(real.mutant); !known && real.mutant != "none") {
    return fmt::print(stderr, "faultline-lab: {}\n", known.error().message()), kUsage;
  }
  (void)SeedMutant("none");
  const bool print = values->count("json") == 0;
  json rows = json::array();
  bool safe = true;
  for (const std::string& mutant : mutants) {
    real.mutant = mutant;
    const auto outcomes = Explore(*races, real, print);
    for (const RealOutcome& outcome : outcomes) {
      rows.push_back(ToJson(outcome));
      safe = safe && outcome.Safe();
    }
    if (print && mutant != "none" && (outcomes.empty() || outcomes.back().Safe()))
      fmt::print("{:32} {:18} not found\n", "", mutant);
  }
  if (!print && !WriteTo((*values)["json"].as<std::string>(), rows.dump(1) + "\n")) return kUsage;
  return safe ? kAsExpected : kUnexpected;
}

}  // namespace faultline::lab
