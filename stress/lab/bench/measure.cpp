// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/bench/measure.h"

#include <algorithm>
#include <random>
#include <thread>

namespace faultline::lab {
namespace {

using Clock = std::chrono::steady_clock;

uint64_t FaultUntil(const std::atomic<bool>& stop, AddressSpace& mm, size_t thread,
                    unsigned io_us) {
  std::minstd_rand random(static_cast<unsigned>(thread + 1));
  uint64_t faults = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    const auto address = random();
    const bool io = io_us != 0 && address % kIoEvery == 0;
    const size_t region = address / kIoEvery % AddressSpace::kRegions;
    const size_t page = address / kIoEvery / AddressSpace::kRegions % AddressSpace::kPagesPerRegion;
    faults += mm.Fault(thread, region, page, io ? io_us : 0);
  }
  return faults;
}

// One region after another: unmapped, looked at, mapped again, a pause.
std::vector<double> ChangeUntil(const std::atomic<bool>& stop, AddressSpace& mm, bool& stale) {
  std::vector<double> latencies;
  for (size_t region = 0; !stop.load(std::memory_order_relaxed);
       region = (region + 1) % AddressSpace::kRegions) {
    const auto start = Clock::now();
    mm.Unmap(region);
    latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    stale |= mm.AnyPageMapped(region);
    mm.Map(region);
    mm.Poll();
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return latencies;
}

double Percentile(std::vector<double>& sorted, double fraction) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<size_t>(fraction * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

Measured Measure(const TimedDesign& design, const Load& load) {
  const auto mm = design.make();
  for (size_t region = 0; region < AddressSpace::kRegions; ++region) mm->Map(region);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> faults{0};
  std::vector<double> latencies;
  Measured measured;
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (size_t i = 0; i < load.threads; ++i) {
    threads.emplace_back([&, i] { faults += FaultUntil(stop, *mm, i, load.io_us); });
  }
  if (load.changes)
    threads.emplace_back([&] { latencies = ChangeUntil(stop, *mm, measured.stale); });
  std::this_thread::sleep_for(load.duration);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::ranges::sort(latencies);
  measured.faults_per_second = static_cast<double>(faults.load()) / seconds;
  measured.unmaps = latencies.size();
  measured.unmap_p50_us = Percentile(latencies, 0.5);
  measured.unmap_p99_us = Percentile(latencies, 0.99);
  return measured;
}

}  // namespace faultline::lab
