// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "base/result.h"
#include "run/settings.h"

namespace faultline::stress {

struct CommandLine {
  enum class Command { kRun, kList, kHelp };
  Command command = Command::kRun;
  Settings settings;
};

/// EINVAL with a sentence that names what is wrong.
Result<CommandLine> ParseCommandLine(int argc, const char* const* argv);

std::string Usage();

/// "90", "90s", "5m", "2h" or "250ms" in nanoseconds.
Result<Instant> ParseDuration(const std::string& text);

}  // namespace faultline::stress
