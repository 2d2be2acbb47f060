// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>
#include <vector>

namespace faultline::lab {

// Exit codes: 0 as expected, 1 something else was found, 2 not understood.
inline constexpr int kAsExpected = 0;
inline constexpr int kUnexpected = 1;
inline constexpr int kUsage = 2;

using Arguments = std::vector<std::string>;

int RunCommand(const Arguments& arguments);
int ListCommand(const Arguments& arguments);
int MatrixCommand(const Arguments& arguments);
int MergeCommand(const Arguments& arguments);
int ReplayCommand(const Arguments& arguments);
int RealCommand(const Arguments& arguments);
int BenchCommand(const Arguments& arguments);

// Parses `arguments`; words without a dash go to the option named `positional`. Nothing when the
// command has nothing to do: help was printed, or an error; `exit_code` says which.
std::optional<boost::program_options::variables_map> Parse(
    const Arguments& arguments, const boost::program_options::options_description& options,
    const char* usage, int& exit_code, const char* positional = nullptr);

// Writes text to a file, "-" is stdout; reports failure on stderr.
bool WriteTo(const std::string& path, const std::string& text);

}  // namespace faultline::lab
