// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "bench/report.h"

namespace {

namespace po = boost::program_options;
using namespace faultline;
using namespace faultline::bench;

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

constexpr const char* kUsage =
    "faultline-bench [OPTION]... [NAME=]DIR[@PID]...\n"
    "\n"
    "Times the same work on several directories side by side, alternating, and prints medians and\n"
    "ratios to the first. @PID names the daemon behind a mount: its CPU time, bytes written and "
    "peak\n"
    "memory are reported too.\n"
    "\n"
    "  faultline-bench ext4=/var/tmp/e faultline=/mnt/f@$(pidof mount.faultline)\n"
    "\n"
    "Exit status: 0 all ran, 1 something could not run, 2 usage.\n";

Result<Candidate> ParseCandidate(const std::string& text) {
  Candidate candidate;
  std::string rest = text;
  if (const size_t equals = rest.find('='); equals != std::string::npos) {
    candidate.name = rest.substr(0, equals);
    rest = rest.substr(equals + 1);
  }
  if (const size_t at = rest.rfind('@'); at != std::string::npos) {
    char* end = nullptr;
    const long pid = std::strtol(rest.c_str() + at + 1, &end, 10);
    if (*end != '\0' || pid <= 0)
      return Fail(EINVAL, "{}: '{}' is no process number", text, rest.substr(at + 1));
    candidate.daemon = static_cast<pid_t>(pid);
    FL_TRY(UsageOf(*candidate.daemon));
    rest = rest.substr(0, at);
  }
  candidate.directory = rest;
  if (candidate.name.empty()) candidate.name = rest;
  if (!std::filesystem::is_directory(candidate.directory)) return Fail(ENOTDIR, "{}", rest);
  return candidate;
}

void ListWorkloads() {
  for (const Workload& workload : Workloads())
    fmt::print("  {:<16} {} ({}/s)\n", workload.name, workload.what, workload.unit);
}

Scale Scaled(double factor) {
  Scale scale;
  for (uint64_t* part :
       {&scale.file_bytes, &scale.random_reads, &scale.syncs, &scale.files, &scale.punches})
    *part = std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<double>(*part) * factor));
  scale.file_bytes = std::max<uint64_t>(scale.file_bytes >> 20, 1) << 20;
  return scale;
}

void ShowProgress(const std::string& text) {
  if (isatty(STDERR_FILENO))
    fmt::print(stderr, "\r\033[K{}", text);
  else
    fmt::print(stderr, "{}\n", text);
}

Result<Plan> MakePlan(const po::variables_map& options) {
  Plan plan;
  for (const auto& text : options["dir"].as<std::vector<std::string>>()) {
    FL_ASSIGN_OR_RETURN(Candidate candidate, ParseCandidate(text));
    plan.candidates.push_back(std::move(candidate));
  }
  if (options.count("workload")) {
    for (const auto& name : options["workload"].as<std::vector<std::string>>()) {
      const Workload* workload = FindWorkload(name);
      if (workload == nullptr)
        return Fail(EINVAL, "there is no workload '{}'; --list names them", name);
      plan.workloads.push_back(workload);
    }
  } else {
    for (const Workload& workload : Workloads()) plan.workloads.push_back(&workload);
  }
  const double scale = options["scale"].as<double>();
  if (!(scale > 0 && scale <= 1000))
    return Fail(EINVAL, "--scale takes a number above 0 and up to 1000");
  plan.scale = Scaled(scale);
  plan.repetitions = options["repeat"].as<unsigned>();
  if (plan.repetitions == 0) return Fail(EINVAL, "--repeat takes a number from 1");
  plan.seed = options["seed"].as<uint64_t>();
  plan.progress = ShowProgress;
  return plan;
}

int Run(const po::variables_map& options) {
  Result<Plan> plan = MakePlan(options);
  if (!plan) {
    fmt::print(stderr, "faultline-bench: {}\n", plan.error().ToString());
    return kExitUsage;
  }
  const Comparison comparison = Compare(*plan);
  if (isatty(STDERR_FILENO)) fmt::print(stderr, "\r\033[K");
  fmt::print("{}", options.count("json")       ? Json(comparison)
                   : options.count("markdown") ? Markdown(comparison)
                                               : HumanTable(comparison));
  for (const Row& row : comparison.rows)
    for (const Cell& cell : row.cells)
      if (!cell.error.empty()) return kExitFailed;
  return kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  po::options_description visible("Options");
  visible.add_options()("help,h", "this text")("list", "the workloads")(
      "workload,w", po::value<std::vector<std::string>>(), "only this one (may be repeated)")(
      "repeat,r", po::value<unsigned>()->default_value(3), "how often each runs on each directory")(
      "scale", po::value<double>()->default_value(1.0),
      "size of the work; 1 is a 256 MiB file and 5000 files")(
      "seed", po::value<uint64_t>()->default_value(1), "of the random places")(
      "json", "machine-readable result")("markdown", "result for a document");
  po::options_description all;
  all.add(visible).add_options()("dir", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("dir", -1);
  po::variables_map options;
  try {
    po::store(po::command_line_parser(argc, argv).options(all).positional(positional).run(),
              options);
    po::notify(options);
  } catch (const po::error& error) {
    fmt::print(stderr, "faultline-bench: {}; --help explains\n", error.what());
    return kExitUsage;
  }
  if (options.count("help")) {
    std::cout << kUsage << '\n' << visible << "\nWorkloads:\n" << std::flush;
    ListWorkloads();
    return kExitOk;
  }
  if (options.count("list")) {
    ListWorkloads();
    return kExitOk;
  }
  if (!options.count("dir")) {
    fmt::print(stderr, "faultline-bench: which directory? --help explains\n");
    return kExitUsage;
  }
  return Run(options);
}
