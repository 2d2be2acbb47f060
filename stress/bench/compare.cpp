// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"

namespace faultline::bench {
namespace {

namespace stdfs = std::filesystem;

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

struct Run {
  double seconds = 0;
  Usage used;
};

Usage Snapshot(const Candidate& candidate) {
  if (!candidate.daemon) return {};
  return UsageOf(*candidate.daemon).value_or(Usage{});
}

// One repetition in a fresh directory, which goes afterwards.
Result<Run> RunOnce(const Workload& workload, const Candidate& candidate, const Plan& plan,
                    unsigned repetition, bool* dropped) {
  const Context context{
      candidate.directory / fmt::format("faultline-bench.{}.{}", workload.name, repetition),
      plan.scale, plan.seed + repetition};
  std::error_code ignored;
  stdfs::remove_all(context.directory, ignored);
  std::error_code error;
  if (!stdfs::create_directory(context.directory, error))
    return Fail(error.value(), "cannot make {}", context.directory.string());

  Result<> result;
  if (workload.prepare) result = workload.prepare(context);
  if (workload.cold) *dropped = DropCaches() && *dropped;
  Run run;
  if (result) {
    const Usage before = Snapshot(candidate);
    const Nanoseconds start = MonotonicNow();
    result = workload.run(context);
    run.seconds = std::chrono::duration<double>(MonotonicNow() - start).count();
    const Usage after = Snapshot(candidate);
    run.used.cpu_seconds = after.cpu_seconds - before.cpu_seconds;
    run.used.bytes_written = after.bytes_written - before.bytes_written;
  }
  stdfs::remove_all(context.directory, ignored);
  if (!result) return tl::unexpected<Error>(result.error());
  return run;
}

}  // namespace

double Cell::Median() const { return MedianOf(seconds); }

Comparison Compare(const Plan& plan) {
  Comparison comparison;
  comparison.candidates = plan.candidates;
  comparison.repetitions = plan.repetitions;
  for (const Workload* workload : plan.workloads) {
    Row row{workload, workload->work(Context{{}, plan.scale, plan.seed}),
            std::vector<Cell>(plan.candidates.size())};
    std::vector<std::vector<double>> cpu(plan.candidates.size());
    std::vector<std::vector<double>> written(plan.candidates.size());
    for (unsigned repetition = 0; repetition < plan.repetitions; ++repetition) {
      for (size_t i = 0; i < plan.candidates.size(); ++i) {
        if (!row.cells[i].error.empty()) continue;
        if (plan.progress)
          plan.progress(fmt::format("{} {}/{} on {}", workload->name, repetition + 1,
                                    plan.repetitions, plan.candidates[i].name));
        Result<Run> run =
            RunOnce(*workload, plan.candidates[i], plan, repetition, &comparison.caches_dropped);
        if (!run) {
          row.cells[i].error = run.error().ToString();
          continue;
        }
        row.cells[i].seconds.push_back(run->seconds);
        cpu[i].push_back(run->used.cpu_seconds);
        written[i].push_back(static_cast<double>(run->used.bytes_written));
      }
    }
    for (size_t i = 0; i < plan.candidates.size(); ++i) {
      row.cells[i].cpu_seconds = MedianOf(cpu[i]);
      row.cells[i].bytes_written = MedianOf(written[i]);
    }
    comparison.rows.push_back(std::move(row));
  }
  for (const Candidate& candidate : plan.candidates)
    comparison.peak_memory.push_back(Snapshot(candidate).peak_memory);
  return comparison;
}

}  // namespace faultline::bench
