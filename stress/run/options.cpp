// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/options.h"

#include <boost/program_options.hpp>
#include <cerrno>
#include <charconv>
#include <random>
#include <sstream>

namespace faultline::stress {
namespace {

namespace po = boost::program_options;

po::options_description Visible() {
  po::options_description options("Options");
  auto add = options.add_options();
  add("suite", po::value<std::string>()->value_name("NAME"), "smoke (default), standard or soak");
  add("scenario", po::value<std::vector<std::string>>()->value_name("NAME"),
      "only this one; may be given again");
  add("seed", po::value<uint64_t>()->value_name("N"), "repeat the draws of an earlier run");
  add("duration", po::value<std::string>()->value_name("T"), "of each timed scenario: 30s, 5m, 1h");
  add("threads", po::value<uint32_t>()->value_name("N"), "workers of a scenario (default 4)");
  add("races", po::value<uint64_t>()->value_name("N"), "rounds of each race");
  add("hang-after", po::value<std::string>()->value_name("T"),
      "nothing finished for so long is a hang (default 60s)");
  add("json", po::value<std::string>()->value_name("FILE"), "write the results there as well");
  add("tap", po::value<std::string>()->value_name("FILE"), "the same in Test Anything Protocol");
  add("junit", po::value<std::string>()->value_name("FILE"), "the same in JUnit's XML");
  add("html", po::value<std::string>()->value_name("FILE"),
      "the same as a page, with latencies and drawings of violating cells");
  add("known", po::value<std::string>()->value_name("FILE"),
      "lines 'SCENARIO: VERDICT' of failures that are known");
  add("keep", "leave the final files of 'cells', synced, for --verify");
  add("verify", "check what --keep left, or with --crash-log what a crash left");
  add("manifest", po::value<std::string>()->value_name("FILE"),
      "where --keep writes and --verify reads what the files hold");
  add("crash-log", po::value<std::string>()->value_name("FILE"),
      "outside DIR: record what was written and synced, until the filesystem goes away");
  add("help", "show this");
  return options;
}

Result<Suite> ParseSuite(const std::string& name) {
  if (name == "smoke") return Suite::kSmoke;
  if (name == "standard") return Suite::kStandard;
  if (name == "soak") return Suite::kSoak;
  return Fail(EINVAL, "no suite is called '{}'", name);
}

template <class T>
void Take(const po::variables_map& given, const char* name, T& into) {
  if (given.count(name) != 0) into = given[name].as<T>();
}

Result<> TakeDuration(const po::variables_map& given, const char* name, Instant& into) {
  if (given.count(name) == 0) return {};
  FL_ASSIGN_OR_RETURN(into, ParseDuration(given[name].as<std::string>()));
  return {};
}

Result<> CheckSense(const Settings& settings) {
  if (settings.directory.empty()) return Fail(EINVAL, "which directory?");
  if (settings.threads > 32) return Fail(EINVAL, "at most 32 threads");
  if (settings.keep && settings.verify)
    return Fail(EINVAL, "--keep and --verify exclude each other");
  if (settings.keep && !settings.crash_log.empty())
    return Fail(EINVAL, "--keep and --crash-log exclude each other");
  return {};
}

Result<Settings> ToSettings(const po::variables_map& given) {
  Settings settings;
  settings.seed = std::random_device{}();
  Take(given, "directory", settings.directory);
  Take(given, "scenario", settings.scenarios);
  Take(given, "seed", settings.seed);
  Take(given, "threads", settings.threads);
  Take(given, "races", settings.races);
  Take(given, "json", settings.json);
  Take(given, "tap", settings.tap);
  Take(given, "junit", settings.junit);
  Take(given, "html", settings.html);
  Take(given, "known", settings.known);
  Take(given, "manifest", settings.manifest);
  Take(given, "crash-log", settings.crash_log);
  settings.keep = given.count("keep") != 0;
  settings.verify = given.count("verify") != 0;
  FL_TRY(TakeDuration(given, "duration", settings.duration));
  FL_TRY(TakeDuration(given, "hang-after", settings.hang_after));
  if (given.count("suite") != 0) {
    FL_ASSIGN_OR_RETURN(settings.suite, ParseSuite(given["suite"].as<std::string>()));
  }
  FL_TRY(CheckSense(settings));
  return settings;
}

/// Boost reports through exceptions; they end here.
Result<po::variables_map> Parse(int argc, const char* const* argv) {
  po::options_description all = Visible();
  all.add_options()("directory", po::value<std::string>());
  po::positional_options_description positional;
  positional.add("directory", 1);
  po::variables_map given;
  try {
    po::store(po::command_line_parser(argc, argv).options(all).positional(positional).run(), given);
  } catch (const po::error& error) {
    return Fail(EINVAL, "{}", error.what());
  }
  return given;
}

}  // namespace

Result<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  FL_ASSIGN_OR_RETURN(po::variables_map given, Parse(argc, argv));
  CommandLine line;
  if (given.count("help") != 0) {
    line.command = CommandLine::Command::kHelp;
    return line;
  }
  if (given.count("directory") != 0 && given["directory"].as<std::string>() == "list") {
    line.command = CommandLine::Command::kList;
    return line;
  }
  FL_ASSIGN_OR_RETURN(line.settings, ToSettings(given));
  return line;
}

std::string Usage() {
  std::ostringstream text;
  text << "faultline-stress DIR [options]   prove that no stale data is exposed below DIR\n"
          "faultline-stress list            explain the scenarios\n\n"
       << Visible() << "\nExit: 0 clean, 1 a violation or a hang, 2 usage, 3 could not run\n";
  return text.str();
}

Result<Instant> ParseDuration(const std::string& text) {
  uint64_t number = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(rest, text.data() + text.size());
  Instant scale = unit == "ms"                  ? 1'000'000
                  : unit.empty() || unit == "s" ? 1'000'000'000
                  : unit == "m"                 ? 60'000'000'000
                  : unit == "h"                 ? 3'600'000'000'000
                                                : 0;
  if (error != std::errc{} || scale == 0 || number == 0 || number > 1'000'000)
    return Fail(EINVAL, "'{}' is not a duration such as 250ms, 30s, 5m or 1h", text);
  return static_cast<Instant>(number) * scale;
}

}  // namespace faultline::stress
