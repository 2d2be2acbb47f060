// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "lab/cli/command.h"

namespace {

using namespace faultline::lab;

struct Command {
  std::string_view name;
  int (*run)(const Arguments&);
  std::string_view text;
};

constexpr std::array<Command, 7> kCommands = {{
    {"list", ListCommand, "designs, races, and the rules of the model"},
    {"run", RunCommand, "explore cells and print a line for each"},
    {"matrix", MatrixCommand, "explore every cell and print the tables"},
    {"merge", MergeCommand, "put the JSON of shards together"},
    {"real", RealCommand, "the real file system core, every schedule of a race"},
    {"replay", ReplayCommand, "print or draw a schedule"},
    {"bench", BenchCommand, "speed of the explorer, and of the mapping designs on real threads"},
}};

int Usage(FILE* out) {
  fmt::print(out, "usage: faultline-lab COMMAND [options]\n\n");
  for (const Command& command : kCommands)
    fmt::print(out, "  {:8} {}\n", command.name, command.text);
  fmt::print(
      out,
      "\nEach command explains its options with --help. Exit: 0 as expected, 1 not, 2 usage.\n");
  return out == stdout ? kAsExpected : kUsage;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argv + 1, argv + argc);
  if (arguments.empty()) return Usage(stderr);
  if (arguments[0] == "--help" || arguments[0] == "-h") return Usage(stdout);
  const auto* command = std::ranges::find(kCommands, arguments[0], &Command::name);
  if (command == kCommands.end()) return Usage(stderr);
  return command->run({arguments.begin() + 1, arguments.end()});
}
