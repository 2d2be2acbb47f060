// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/version.h"
#include "cli/control/command.h"

namespace faultline::control {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr std::array kCommands = {&kStatusCommand, &kLocksCommand};

constexpr std::string_view kIntroduction =
    R"(Usage: faultline COMMAND ARGUMENTS

Talks to mounted faultline file systems.

Commands:
)";

constexpr std::string_view kElsewhere = R"(
'faultline COMMAND --help' explains a command. Exit codes: 0 done, 1 failed, 2 wrong usage.

Making, mounting and checking stores:
  mkfs.faultline STORE           makes directory STORE into a store
  mount.faultline STORE MNT      mounts it ('umount MNT' ends it, with everything durable)
  fsck.faultline STORE           checks a store that is not mounted

A first try:
  mkfs.faultline /tmp/store && mkdir -p /tmp/mnt && mount.faultline /tmp/store /tmp/mnt
  faultline status /tmp/mnt
)";

bool Wants(const std::string& word, std::string_view option, std::string_view letter) {
  return word == option || word == letter;
}

void PrintHelp() {
  fmt::print("{}", kIntroduction);
  for (const Command* command : kCommands)
    fmt::print("  {:<28} {}\n", fmt::format("{} {}", command->name, command->arguments),
               command->summary);
  fmt::print("{}", kElsewhere);
}

void PrintCommandHelp(const Command& command) {
  fmt::print("Usage: faultline {} {}\n\n{}", command.name, command.arguments, command.help);
}

int RunCommand(const Command& command, const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments)
    if (Wants(argument, "--help", "-h")) return PrintCommandHelp(command), 0;
  Result<std::string> output = command.run(arguments);
  if (output) {
    fmt::print("{}", *output);
    return std::fflush(stdout) == 0 ? 0 : kFailed;
  }
  const Error& error = output.error();
  if (error.code() != EINVAL) {
    fmt::print(stderr, "faultline {}: {}\n", command.name,
               error.code() == EMEDIUMTYPE ? error.message() : error.ToString());
    return kFailed;
  }
  fmt::print(stderr, "faultline {}: {}\nUsage: faultline {} {}\n", command.name, error.message(),
             command.name, command.arguments);
  return kUsage;
}

int Main(const std::vector<std::string>& words) {
  if (words.empty()) return PrintHelp(), kUsage;
  if (Wants(words[0], "--help", "-h") || words[0] == "help") return PrintHelp(), 0;
  if (Wants(words[0], "--version", "-V")) return fmt::print("faultline {}\n", kVersion), 0;
  for (const Command* command : kCommands)
    if (command->name == words[0]) return RunCommand(*command, {words.begin() + 1, words.end()});
  fmt::print(stderr, "faultline: unknown command '{}'; 'faultline --help' lists them\n", words[0]);
  return kUsage;
}

}  // namespace
}  // namespace faultline::control

int main(int argc, char** argv) {
  return faultline::control::Main(std::vector<std::string>(argv + 1, argv + argc));
}
