// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "lab/cli/command.h"
#include "lab/real/real_explorer.h"
#include "lab/report/trace.h"

namespace faultline::lab {

namespace po = boost::program_options;

int ReplayCommand(const Arguments& arguments) {
  po::options_description options("options");
  auto add = options.add_options();
  add("schedule", po::value<std::string>()->required(),
      "family/design/race:steps, or real/race:turns");
  add("svg", po::value<std::string>()->implicit_value("-"), "draw it instead");
  int exit_code = 0;
  const auto values =
      Parse(arguments, options, "replay SCHEDULE [--svg FILE]", exit_code, "schedule");
  if (!values) return exit_code;
  const auto& schedule = (*values)["schedule"].as<std::string>();
  const auto trace = IsRealSchedule(schedule) ? ReplayReal(schedule) : Replay(schedule);
  if (!trace) return fmt::print(stderr, "faultline-lab: {}\n", trace.error().message()), kUsage;
  if (values->count("svg") != 0) {
    return WriteTo((*values)["svg"].as<std::string>(), FormatSvg(*trace, schedule)) ? kAsExpected
                                                                                    : kUsage;
  }
  fmt::print("{}", FormatColumns(*trace));
  return kAsExpected;
}

}  // namespace faultline::lab
