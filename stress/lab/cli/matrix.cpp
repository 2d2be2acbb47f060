// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lab/cli/command.h"
#include "lab/matrix/catalog.h"
#include "lab/matrix/result.h"
#include "lab/report/table.h"

namespace faultline::lab {
namespace {

namespace po = boost::program_options;

using Progress = std::function<void(size_t done, const CellResult&)>;

std::vector<CellResult> Explore(const std::vector<Cell>& cells, std::optional<Rule> broken,
                                uint64_t limit, const Progress& progress) {
  std::vector<CellResult> results;
  for (const Cell& cell : cells) {
    System system = cell.build();
    if (broken) system.Break(*broken);
    results.push_back(Judge(cell, Explore(system, limit)));
    progress(results.size(), results.back());
  }
  return results;
}

void DrawBar(size_t done, size_t total, const std::string& name) {
  constexpr size_t kWidth = 30;
  const size_t filled = done * kWidth / total;
  fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {}/{} {:.60}\033[K", "", filled, "", kWidth - filled, done,
             total, name);
  if (done == total) fmt::print(stderr, "\r\033[K");
}

Progress BarOn(size_t total) {
  if (isatty(STDERR_FILENO) == 0) return [](size_t, const CellResult&) {};
  return [total](size_t done, const CellResult& r) {
    DrawBar(done, total, r.family + "/" + r.design + "/" + r.race);
  };
}

int Verdict(const std::vector<CellResult>& results) {
  return std::ranges::all_of(results, &CellResult::Matches) ? kAsExpected : kUnexpected;
}

void PrintUnexpected(const std::vector<CellResult>& results) {
  for (const CellResult& result : results) {
    if (!result.Matches()) fmt::print("{}\n", FormatLine(result));
  }
}

int Report(const std::vector<CellResult>& results, const po::variables_map& values) {
  const bool markdown = values.count("markdown") != 0;
  if (values.count("json") != 0) {
    return WriteTo(values["json"].as<std::string>(), ToJson(results).dump(1) + "\n")
               ? Verdict(results)
               : kUsage;
  }
  fmt::print("{}", FormatMatrix(results, markdown ? TableStyle::kMarkdown : TableStyle::kText));
  fmt::print("\n{}\n", FormatTotals(results));
  PrintUnexpected(results);
  return Verdict(results);
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return file.fail() ? std::nullopt : std::optional(text.str());
}

void AddReportOptions(po::options_description& options) {
  auto add = options.add_options();
  add("json", po::value<std::string>()->implicit_value("-"),
      "write JSON (to a file, or - for stdout)");
  add("markdown", "print the tables as Markdown");
}

}  // namespace

int RunCommand(const Arguments& arguments) {
  Selection selection;
  uint64_t limit = kDefaultStateLimit;
  po::options_description options("options");
  auto add = options.add_options();
  add("family", po::value(&selection.family), "mapping, killer or freeze");
  add("design", po::value(&selection.design), "one design");
  add("race", po::value(&selection.race), "one race");
  add("without", po::value<std::string>(), "break a rule of the model (see list)");
  add("max-states", po::value(&limit), "give up on a cell with more");
  add("json", po::value<std::string>()->implicit_value("-"),
      "write JSON (to a file, or - for stdout)");
  int exit_code = 0;
  const auto values =
      Parse(arguments, options, "run [--family F] [--design D] [--race R]", exit_code);
  if (!values) return exit_code;

  std::optional<Rule> broken;
  if (values->count("without") != 0) {
    broken = FindRule((*values)["without"].as<std::string>());
    if (!broken) return fmt::print(stderr, "faultline-lab: no such rule\n"), kUsage;
  }
  const auto cells = SelectCells(selection);
  if (cells.empty()) return fmt::print(stderr, "faultline-lab: no such cell\n"), kUsage;
  const bool json = values->count("json") != 0;
  const auto results = Explore(cells, broken, limit, [&](size_t, const CellResult& result) {
    if (!json) fmt::print("{}\n", FormatLine(result));
  });
  if (json) return Report(results, *values);
  fmt::print("{}\n", FormatTotals(results));
  return Verdict(results);
}

int MatrixCommand(const Arguments& arguments) {
  po::options_description options("options");
  AddReportOptions(options);
  options.add_options()("shard", po::value<std::string>(), "I/N: only the I-th of N parts");
  int exit_code = 0;
  const auto values = Parse(arguments, options, "matrix [--shard I/N] [--json FILE]", exit_code);
  if (!values) return exit_code;
  auto cells = SelectCells();
  if (values->count("shard") != 0) {
    const auto shard = ParseShard((*values)["shard"].as<std::string>());
    if (!shard) return fmt::print(stderr, "faultline-lab: --shard wants I/N\n"), kUsage;
    cells = Part(cells, *shard);
  }
  return Report(Explore(cells, std::nullopt, kDefaultStateLimit, BarOn(cells.size())), *values);
}

int MergeCommand(const Arguments& arguments) {
  po::options_description options("options");
  AddReportOptions(options);
  options.add_options()("file", po::value<std::vector<std::string>>()->required(),
                        "written by matrix --json");
  int exit_code = 0;
  const auto values = Parse(arguments, options, "merge FILE...", exit_code, "file");
  if (!values) return exit_code;
  std::vector<CellResult> results;
  for (const std::string& path : (*values)["file"].as<std::vector<std::string>>()) {
    const auto text = ReadFile(path);
    if (!text) return fmt::print(stderr, "faultline-lab: cannot read {}\n", path), kUsage;
    const auto part = FromJson(*text);
    if (!part)
      return fmt::print(stderr, "faultline-lab: {}: {}\n", path, part.error().message()), kUsage;
    results.insert(results.end(), part->begin(), part->end());
  }
  const auto merged = Merge(results);
  if (!merged)
    return fmt::print(stderr, "faultline-lab: {}\n", merged.error().message()), kUnexpected;
  return Report(*merged, *values);
}

}  // namespace faultline::lab
