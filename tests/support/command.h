// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace faultline::test {

struct CommandResult {
  int status = -1;  // exit code; 128 + signal; -1: killed here, after the time limit
  std::string out;
  std::string err;
};

/// Runs a program and waits for it, but not longer than `limit`: then it is killed. A bare name of
/// one of our own programs is the one under test.
CommandResult RunCommand(std::vector<std::string> argv,
                         std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace faultline::test
