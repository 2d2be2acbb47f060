// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/log.h"
#include "base/version.h"
#include "store/records.h"

// fsck.faultline [-n|-y|-a] [--data] [--json] STORE
namespace {

namespace po = boost::program_options;
using faultline::Result;
using faultline::store::FsckMode;
using faultline::store::FsckOptions;
using faultline::store::FsckProgress;
using faultline::store::FsckReport;
using faultline::store::Problem;

// Those of fsck(8).
enum ExitCode { kClean = 0, kCorrected = 1, kUncorrected = 4, kOperational = 8, kUsage = 16 };

constexpr const char* kSynopsis =
    "Usage: fsck.faultline [-n|-y|-a] [--data] [--json] STORE\n"
    "\n"
    "Checks a store that is not mounted. Without -n, -y or -a it asks before it repairs, or only\n"
    "checks when there is nobody to ask. What lost its place is moved to /lost+found.\n"
    "\n"
    "Exit code: 0 clean, 1 repaired, 4 problems are left, 8 could not check, 16 usage.\n"
    "\n";

po::options_description Options() {
  po::options_description options("Options");
  options.add_options()("no,n", "only check; no byte of STORE changes");
  options.add_options()("yes,y", "repair whatever can be repaired");
  options.add_options()("auto,a", "repair if nothing but counts and leftovers is wrong (at boot)");
  options.add_options()("preen,p", "the same as -a");
  options.add_options()("force,f", "accepted: a store is always checked in full");
  options.add_options()("data,d", "read every block and verify its checksum");
  options.add_options()("json", "print the report as JSON");
  options.add_options()("verbose,v", "accepted");
  options.add_options()("progress,C", po::value<int>()->implicit_value(0)->value_name("FD"),
                        "accepted: progress is shown on a terminal");
  options.add_options()("title,T", "accepted");
  options.add_options()("version,V", "show the version");
  options.add_options()("help,h", "show this");
  return options;
}

int Complain(int code, const std::string& what) {
  fmt::print(stderr, "fsck.faultline: {}\n", what);
  return code;
}

// One line of stderr, rewritten a few times a second; nothing when it is not a terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted) : shown_(wanted && isatty(STDERR_FILENO)) {}
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(const FsckProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    fmt::print(stderr, "\r\x1b[K{}: {} records", progress.pass, progress.records);
    std::fflush(stderr);
  }
  void Clear() const {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  const bool shown_;
  std::chrono::steady_clock::time_point last_{};
};

struct Arguments {
  std::string store;
  FsckMode mode = FsckMode::kCheck;
  bool ask = false;
  bool data = false;
  bool json = false;
};

Result<FsckReport> Check(const Arguments& arguments, FsckMode mode) {
  ProgressLine line(!arguments.json);
  FsckOptions options;
  options.mode = mode;
  options.data = arguments.data;
  options.progress = [&line](const FsckProgress& progress) { line.Show(progress); };
  return faultline::store::CheckStore(arguments.store, options);
}

int ExitCodeOf(const FsckReport& report) {
  if (report.LeavesProblems()) return kUncorrected;
  return report.repaired ? kCorrected : kClean;
}

void PrintJson(const std::string& store, const FsckReport& report) {
  nlohmann::json problems = nlohmann::json::array();
  for (const Problem& problem : report.problems)
    problems.push_back({{"code", problem.code},
                        {"subject", problem.subject},
                        {"message", problem.message},
                        {"repair", problem.repair},
                        {"harmless", problem.harmless}});
  const nlohmann::json all = {{"store", store},
                              {"clean", report.Clean()},
                              {"repaired", report.repaired},
                              {"exit_code", ExitCodeOf(report)},
                              {"problems", problems},
                              {"inodes", report.inodes},
                              {"directories", report.directories},
                              {"orphans", report.orphans},
                              {"volume_blocks", report.volume_blocks},
                              {"small_blocks", report.small_blocks}};
  fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void PrintProblem(const Problem& problem, bool repaired) {
  const char* what = problem.repair.empty() ? "cannot be repaired"
                     : repaired             ? "repaired: "
                                            : "repair: ";
  fmt::print("{}: {} [{}]; {}{}\n", problem.subject, problem.message, problem.code, what,
             problem.repair);
}

void PrintText(const std::string& store, const FsckReport& report) {
  for (const Problem& problem : report.problems) PrintProblem(problem, report.repaired);
  const char* state = report.Clean() ? "clean" : report.LeavesProblems() ? "NOT CLEAN" : "repaired";
  fmt::print("{}: {}, {} inodes ({} directories, {} orphans), {} volume blocks, {} small blocks\n",
             store, state, report.inodes, report.directories, report.orphans, report.volume_blocks,
             report.small_blocks);
  std::fflush(stdout);
}

void Print(const Arguments& arguments, const FsckReport& report) {
  if (arguments.json) return PrintJson(arguments.store, report);
  PrintText(arguments.store, report);
}

bool Confirmed() {
  fmt::print("Repair? [y/N] ");
  std::fflush(stdout);
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

int CheckAndReport(const Arguments& arguments) {
  Result<FsckReport> report = Check(arguments, arguments.mode);
  if (!report) return Complain(kOperational, report.error().ToString());
  Print(arguments, *report);
  if (!arguments.ask || report->Clean() || !Confirmed()) return ExitCodeOf(*report);
  report = Check(arguments, FsckMode::kRepair);
  if (!report) return Complain(kOperational, report.error().ToString());
  Print(arguments, *report);
  return ExitCodeOf(*report);
}

int RunWith(const po::variables_map& given) {
  const bool no = given.count("no") != 0, yes = given.count("yes") != 0;
  const bool preen = given.count("auto") != 0 || given.count("preen") != 0;
  if (no + yes + preen > 1) return Complain(kUsage, "only one of -n, -y and -a (-p) can be given");
  if (given.count("store") == 0) return Complain(kUsage, "no STORE given; see --help");
  Arguments arguments;
  arguments.store = given["store"].as<std::string>();
  arguments.data = given.count("data") != 0;
  arguments.json = given.count("json") != 0;
  if (yes) arguments.mode = FsckMode::kRepair;
  if (preen) arguments.mode = FsckMode::kPreen;
  arguments.ask = !no && !yes && !preen && !arguments.json && isatty(STDIN_FILENO) != 0;
  return CheckAndReport(arguments);
}

int Run(int argc, char** argv) {
  po::options_description visible = Options();
  po::options_description hidden, all;
  hidden.add_options()("store", po::value<std::string>());
  all.add(visible).add(hidden);
  po::positional_options_description positional;
  positional.add("store", 1);
  po::variables_map given;
  po::store(po::command_line_parser(argc, argv).options(all).positional(positional).run(), given);
  if (given.count("help") != 0) {
    std::ostringstream text;
    text << kSynopsis << visible;
    fmt::print("{}", text.str());
    return kClean;
  }
  if (given.count("version") != 0) {
    fmt::print("fsck.faultline {}, store format {}\n", faultline::kVersion,
               faultline::store::kFormatVersion);
    return kClean;
  }
  return RunWith(given);
}

}  // namespace

int main(int argc, char** argv) {
  faultline::log::Options log;
  log.level = faultline::log::Level::kError;
  log.ident = "fsck.faultline";
  (void)faultline::log::Configure(log);
  try {
    return Run(argc, argv);
  } catch (const po::error& error) {
    return Complain(kUsage, error.what());
  } catch (const std::exception& error) {
    return Complain(kOperational, error.what());
  }
}
