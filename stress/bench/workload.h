// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace faultline::bench {

// How large the work is. `--scale` multiplies all of it.
struct Scale {
  uint64_t file_bytes = 256ull << 20;
  uint64_t random_reads = 4000;
  uint64_t syncs = 500;
  uint64_t files = 5000;
  uint64_t punches = 1000;
};

// What a workload finds: an empty directory of its own, and the scale.
struct Context {
  std::filesystem::path directory;
  Scale scale;
  uint64_t seed = 1;
};

// One thing that is timed. `prepare` is not; what is cached in between is dropped when `cold`.
struct Workload {
  std::string_view name;
  std::string_view what;  // for --help and the report
  std::string_view unit;  // of `work`: "MiB" or "ops"
  bool cold;
  std::function<Result<>(const Context&)> prepare;  // may be empty
  std::function<Result<>(const Context&)> run;
  std::function<double(const Context&)> work;  // how much of `unit` one run does
};

// All of them, in the order of the report.
std::span<const Workload> Workloads();
const Workload* FindWorkload(std::string_view name);

// Each file of workloads/ contributes its own.
std::span<const Workload> DataWorkloads();
std::span<const Workload> MappedWorkloads();
std::span<const Workload> MetadataWorkloads();

}  // namespace faultline::bench
