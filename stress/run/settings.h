// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/instant.h"

namespace faultline::stress {

enum class Suite { kSmoke, kStandard, kSoak };

/// What the command line asks for. Zero means: by suite.
struct Settings {
  std::string directory;
  Suite suite = Suite::kSmoke;
  std::vector<std::string> scenarios;  // empty: those of the suite
  uint64_t seed = 0;
  Instant duration = 0;  // ns, of each timed scenario
  uint32_t threads = 0;
  uint64_t races = 0;
  Instant hang_after = 60'000'000'000;
  std::string json;
  std::string tap;
  std::string junit;
  std::string html;
  std::string known;  // file of known failures
  std::string crash_log;
  std::string manifest;  // of --keep and --verify; empty: beside the kept files
  bool keep = false;
  bool verify = false;

  Instant Duration() const;
  uint32_t Threads() const;
  uint64_t Races() const;
};

}  // namespace faultline::stress
