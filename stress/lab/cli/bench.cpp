// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lab/bench/measure.h"
#include "lab/cli/command.h"
#include "lab/engine/explorer.h"
#include "lab/matrix/catalog.h"

namespace faultline::lab {
namespace {

namespace po = boost::program_options;

constexpr std::array<size_t, 4> kThreads = {1, 2, 4, 8};
constexpr unsigned kIoMicroseconds = 50;

nlohmann::json ExplorerSpeed() {
  uint64_t states = 0;
  double seconds = 0;
  for (const Cell& cell : SelectCells({.race = "mkwrite_direct"})) {
    const Exploration exploration = Explore(cell.build());
    states += exploration.states;
    seconds += exploration.seconds;
  }
  return {{"states", states},
          {"seconds", seconds},
          {"states_per_second", static_cast<double>(states) / seconds}};
}

nlohmann::json Row(const TimedDesign& design, const Load& load) {
  const Measured m = Measure(design, load);
  return {{"design", design.name},
          {"threads", load.threads},
          {"changes", load.changes},
          {"io_us", load.io_us},
          {"faults_per_second", m.faults_per_second},
          {"unmaps", m.unmaps},
          {"unmap_p50_us", m.unmap_p50_us},
          {"unmap_p99_us", m.unmap_p99_us},
          {"stale", m.stale}};
}

void PrintHeader(const Load& load, const char* what) {
  fmt::print(
      "\n{}{}\n{:14}", what,
      load.io_us != 0 ? fmt::format(", one fault in {} reads for {} us", kIoEvery, load.io_us) : "",
      "");
  for (const size_t threads : kThreads) fmt::print("{:>10} thr", threads);
  if (load.changes) fmt::print("   munmap us at {} threads: p50, p99 (how many)", kThreads.back());
  fmt::print("\n");
}

void MeasureTable(Load load, const char* what, bool print, nlohmann::json& rows) {
  if (print) PrintHeader(load, what);
  for (const TimedDesign& design : TimedDesigns()) {
    if (print) fmt::print("{:14}", design.name);
    nlohmann::json row;
    for (const size_t threads : kThreads) {
      load.threads = threads;
      row = Row(design, load);
      rows.push_back(row);
      if (print) fmt::print("{:>14.0f}", row["faults_per_second"].get<double>());
    }
    if (print && load.changes) {
      fmt::print("   {:.1f}, {:.1f} ({})", row["unmap_p50_us"].get<double>(),
                 row["unmap_p99_us"].get<double>(), row["unmaps"].get<uint64_t>());
    }
    if (print) fmt::print("\n");
  }
}

}  // namespace

int BenchCommand(const Arguments& arguments) {
  unsigned milliseconds = 200;
  po::options_description options("options");
  auto add = options.add_options();
  add("ms", po::value(&milliseconds), "how long each measurement takes (200)");
  add("json", po::value<std::string>()->implicit_value("-"),
      "write JSON (to a file, or - for stdout)");
  int exit_code = 0;
  const auto values = Parse(arguments, options, "bench [--ms N] [--json FILE]", exit_code);
  if (!values) return exit_code;

  const bool print = values->count("json") == 0;
  const nlohmann::json explorer = ExplorerSpeed();
  if (print)
    fmt::print("explorer: {:.0f} states a second\n", explorer["states_per_second"].get<double>());
  nlohmann::json rows = nlohmann::json::array();
  Load load{.duration = std::chrono::milliseconds(milliseconds)};
  MeasureTable(load, "faults a second, alone", print, rows);
  load.changes = true;
  MeasureTable(load, "faults a second, beside munmap and mmap", print, rows);
  load.io_us = kIoMicroseconds;
  MeasureTable(load, "faults a second, beside munmap and mmap", print, rows);
  if (print) return kAsExpected;
  const nlohmann::json all = {{"explorer", explorer}, {"designs", rows}};
  return WriteTo((*values)["json"].as<std::string>(), all.dump(1) + "\n") ? kAsExpected : kUsage;
}

}  // namespace faultline::lab
