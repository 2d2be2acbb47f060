// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace faultline::bench {
namespace {

using Table = std::vector<std::vector<std::string>>;

double Rate(const Row& row, const Cell& cell) {
  return cell.Median() > 0 ? row.work / cell.Median() : 0;
}

std::string RateText(const Row& row, const Cell& cell) {
  if (!cell.error.empty()) return "not run";
  const double rate = Rate(row, cell);
  return rate >= 100 ? fmt::format("{:.0f}", rate) : fmt::format("{:.2f}", rate);
}

std::string RatioText(const Row& row, size_t i) {
  const double base = Rate(row, row.cells[0]);
  const double rate = Rate(row, row.cells[i]);
  return base > 0 && rate > 0 ? fmt::format("{:.2f}", rate / base) : "-";
}

Table Rates(const Comparison& comparison) {
  Table table(1, {"workload", "per second"});
  for (size_t i = 0; i < comparison.candidates.size(); ++i) {
    table[0].push_back(comparison.candidates[i].name);
    if (i > 0) table[0].push_back("ratio");
  }
  for (const Row& row : comparison.rows) {
    std::vector<std::string> line{std::string(row.workload->name), std::string(row.workload->unit)};
    for (size_t i = 0; i < row.cells.size(); ++i) {
      line.push_back(RateText(row, row.cells[i]));
      if (i > 0) line.push_back(RatioText(row, i));
    }
    table.push_back(std::move(line));
  }
  return table;
}

// What the daemons spent. Empty when no candidate has one.
Table Costs(const Comparison& comparison) {
  Table table;
  for (size_t i = 0; i < comparison.candidates.size(); ++i) {
    if (!comparison.candidates[i].daemon) continue;
    if (table.empty()) table.push_back({"daemon", "workload", "CPU s", "MiB written"});
    for (const Row& row : comparison.rows)
      table.push_back({comparison.candidates[i].name, std::string(row.workload->name),
                       fmt::format("{:.2f}", row.cells[i].cpu_seconds),
                       fmt::format("{:.1f}", row.cells[i].bytes_written / (1 << 20))});
    table.push_back(
        {comparison.candidates[i].name, "peak memory MiB", "",
         fmt::format("{:.0f}", static_cast<double>(comparison.peak_memory[i]) / (1 << 20))});
  }
  return table;
}

std::string Aligned(const Table& table) {
  if (table.empty()) return {};
  std::vector<size_t> width(table[0].size());
  for (const auto& line : table)
    for (size_t i = 0; i < line.size(); ++i) width[i] = std::max(width[i], line[i].size());
  std::string out;
  for (const auto& line : table) {
    for (size_t i = 0; i < line.size(); ++i)
      out += i == 0 ? fmt::format("{:<{}}", line[i], width[i])
                    : fmt::format("  {:>{}}", line[i], width[i]);
    out += '\n';
  }
  return out;
}

std::string MarkdownTable(const Table& table) {
  std::string out;
  for (size_t i = 0; i < table.size(); ++i) {
    out += "|";
    for (const std::string& cell : table[i]) out += " " + cell + " |";
    out += '\n';
    if (i > 0) continue;
    out += "|";
    for (size_t j = 0; j < table[i].size(); ++j) out += j == 0 ? "---|" : "---:|";
    out += '\n';
  }
  return out;
}

std::string Notes(const Comparison& comparison) {
  std::string notes = fmt::format("medians of {}; ratio: rate against {}, above 1 is faster\n",
                                  comparison.repetitions, comparison.candidates[0].name);
  if (!comparison.caches_dropped)
    notes += "caches could not be dropped (not root): cold rows are not cold\n";
  for (const Row& row : comparison.rows)
    for (size_t i = 0; i < row.cells.size(); ++i)
      if (!row.cells[i].error.empty())
        notes += fmt::format("not run: {} on {}: {}\n", row.workload->name,
                             comparison.candidates[i].name, row.cells[i].error);
  return notes;
}

}  // namespace

std::string HumanTable(const Comparison& comparison) {
  std::string costs = Aligned(Costs(comparison));
  return Aligned(Rates(comparison)) + Notes(comparison) + (costs.empty() ? "" : "\n" + costs);
}

std::string Markdown(const Comparison& comparison) {
  std::string costs = MarkdownTable(Costs(comparison));
  return MarkdownTable(Rates(comparison)) + "\n" + Notes(comparison) +
         (costs.empty() ? "" : "\n" + costs);
}

std::string Json(const Comparison& comparison) {
  nlohmann::ordered_json json;
  json["repetitions"] = comparison.repetitions;
  json["caches_dropped"] = comparison.caches_dropped;
  for (size_t i = 0; i < comparison.candidates.size(); ++i)
    json["candidates"].push_back({{"name", comparison.candidates[i].name},
                                  {"directory", comparison.candidates[i].directory.string()},
                                  {"peak_memory_bytes", comparison.peak_memory[i]}});
  for (const Row& row : comparison.rows) {
    nlohmann::ordered_json cells = nlohmann::json::array();
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const Cell& cell = row.cells[i];
      cells.push_back({{"candidate", comparison.candidates[i].name},
                       {"seconds", cell.seconds},
                       {"rate", Rate(row, cell)},
                       {"daemon_cpu_seconds", cell.cpu_seconds},
                       {"daemon_bytes_written", cell.bytes_written},
                       {"error", cell.error}});
    }
    json["workloads"].push_back({{"name", row.workload->name},
                                 {"unit", row.workload->unit},
                                 {"work", row.work},
                                 {"cells", std::move(cells)}});
  }
  return json.dump(2) + "\n";
}

}  // namespace faultline::bench
