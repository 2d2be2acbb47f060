// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "run/options.h"
#include "run/program.h"

int main(int argc, char** argv) {
  using namespace faultline::stress;
  auto line = ParseCommandLine(argc, argv);
  if (!line) {
    fmt::print(stderr, "faultline-stress: {}\n{}", line.error().message(), Usage());
    return kExitUsage;
  }
  switch (line->command) {
    case CommandLine::Command::kHelp: fmt::print("{}", Usage()); return kExitClean;
    case CommandLine::Command::kList: fmt::print("{}", ListScenarios()); return kExitClean;
    case CommandLine::Command::kRun: break;
  }
  return RunProgram(line->settings);
}
