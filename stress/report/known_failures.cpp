// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/known_failures.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace faultline::stress {
namespace {

std::string Trim(const std::string& text) {
  constexpr const char* kBlanks = " \t\r";
  size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

template <class Predicate>
bool AnyVerdict(const ScenarioResult& result, Predicate predicate) {
  const auto& counts = result.violations.counts();
  return std::any_of(counts.begin(), counts.end(), [&](const auto& entry) {
    return entry.first != Verdict::kKernelWindow && entry.second > 0 && predicate(entry.first);
  });
}

}  // namespace

Result<KnownFailures::Entry> KnownFailures::ParseLine(const std::string& line) {
  size_t colon = line.find(':');
  if (colon == std::string::npos) return Fail(EINVAL, "'{}' is not 'SCENARIO: VERDICT'", line);
  std::string scenario = Trim(line.substr(0, colon)), verdict = Trim(line.substr(colon + 1));
  Entry entry;
  entry.line = line;
  if (scenario != "*") {
    if (FindScenario(scenario) == nullptr)
      return Fail(EINVAL, "'{}': no scenario is called '{}'", line, scenario);
    entry.scenario = scenario;
  }
  if (verdict != "*") {
    entry.verdict = VerdictNamed(verdict);
    if (!entry.verdict) return Fail(EINVAL, "'{}': no verdict is called '{}'", line, verdict);
  }
  return entry;
}

Result<KnownFailures> KnownFailures::Parse(const std::string& text) {
  KnownFailures known;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line = Trim(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    FL_ASSIGN_OR_RETURN(Entry entry, ParseLine(line));
    known.entries_.push_back(std::move(entry));
  }
  return known;
}

Result<KnownFailures> KnownFailures::Load(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) return Fail(EINVAL, "cannot read known failures {}", path);
  return Parse(text.str());
}

bool KnownFailures::Entry::Names(const ScenarioResult& result) const {
  return scenario.empty() || scenario == result.scenario;
}

bool KnownFailures::Entry::Excuses(const ScenarioResult& result, Verdict seen) const {
  return Names(result) && (!verdict || *verdict == seen);
}

void KnownFailures::Apply(ScenarioResult& result) const {
  if (result.outcome != Outcome::kFailed) return;
  auto unexpected = [&](Verdict seen) {
    return std::none_of(entries_.begin(), entries_.end(),
                        [&](const Entry& entry) { return entry.Excuses(result, seen); });
  };
  if (!AnyVerdict(result, unexpected)) result.outcome = Outcome::kKnown;
}

std::vector<std::string> KnownFailures::NotSeen(std::span<const ScenarioResult> results) const {
  std::vector<std::string> lines;
  for (const Entry& entry : entries_) {
    bool executed = false, seen = false;
    for (const ScenarioResult& result : results) {
      executed |= entry.Names(result) && result.outcome != Outcome::kNotRun;
      seen |= AnyVerdict(result, [&](Verdict verdict) { return entry.Excuses(result, verdict); });
    }
    if (executed && !seen) lines.push_back(entry.line);
  }
  return lines;
}

}  // namespace faultline::stress
