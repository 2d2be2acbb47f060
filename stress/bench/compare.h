// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/probe.h"
#include "bench/workload.h"

namespace faultline::bench {

// A directory on some file system, and the daemon behind it if it has one.
struct Candidate {
  std::string name;
  std::filesystem::path directory;
  std::optional<pid_t> daemon;
};

struct Cell {
  std::vector<double> seconds;  // one a repetition
  std::string error;            // not empty: it could not run, and why
  double cpu_seconds = 0;       // of the daemon, median
  double bytes_written = 0;     // by the daemon, median
  double Median() const;
};

struct Row {
  const Workload* workload;
  double work;              // per run, in workload->unit
  std::vector<Cell> cells;  // as the candidates
};

struct Comparison {
  std::vector<Candidate> candidates;
  std::vector<Row> rows;
  std::vector<uint64_t> peak_memory;  // of the daemons, 0 where there is none
  bool caches_dropped = true;
  unsigned repetitions = 0;
};

struct Plan {
  std::vector<Candidate> candidates;
  std::vector<const Workload*> workloads;
  Scale scale;
  unsigned repetitions = 3;
  uint64_t seed = 1;
  std::function<void(const std::string&)> progress;
};

// Runs every workload on every candidate, alternating: the machine's mood changes, and hits all
// alike. The first candidate is the one that ratios compare with.
Comparison Compare(const Plan& plan);

}  // namespace faultline::bench
