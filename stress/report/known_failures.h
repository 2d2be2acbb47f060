// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "scenarios/scenario.h"

namespace faultline::stress {

/// What is known to fail on a filesystem, so that a CI stays useful until it is mended. A file of
/// lines "SCENARIO: VERDICT  # why"; either may be "*". Blank lines and comments are skipped.
class KnownFailures {
 public:
  /// EINVAL names the line that is wrong: an unknown scenario or verdict would never match.
  static Result<KnownFailures> Parse(const std::string& text);
  static Result<KnownFailures> Load(const std::string& path);

  /// A failure all of whose verdicts are listed becomes kKnown; one that is not listed fails.
  void Apply(ScenarioResult& result) const;
  /// The lines whose scenario was executed and did not fail like that: maybe they can go.
  std::vector<std::string> NotSeen(std::span<const ScenarioResult> results) const;

 private:
  struct Entry {
    std::string scenario;            // empty: any
    std::optional<Verdict> verdict;  // nothing: any
    std::string line;

    bool Names(const ScenarioResult& result) const;
    bool Excuses(const ScenarioResult& result, Verdict seen) const;
  };

  static Result<Entry> ParseLine(const std::string& line);

  std::vector<Entry> entries_;
};

}  // namespace faultline::stress
