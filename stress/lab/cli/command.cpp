// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/cli/command.h"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iostream>

namespace faultline::lab {

namespace po = boost::program_options;

std::optional<po::variables_map> Parse(const Arguments& arguments,
                                       const po::options_description& options, const char* usage,
                                       int& exit_code, const char* positional) {
  po::options_description all(options);
  all.add_options()("help,h", "this text");
  po::positional_options_description words;
  if (positional != nullptr) words.add(positional, -1);
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(all).positional(words).run(), values);
    if (values.count("help") != 0) {
      std::cout << "usage: faultline-lab " << usage << "\n" << all;
      exit_code = kAsExpected;
      return std::nullopt;
    }
    po::notify(values);
    return values;
  } catch (const po::error& error) {
    fmt::print(stderr, "faultline-lab: {}\nusage: faultline-lab {}\n", error.what(), usage);
    exit_code = kUsage;
    return std::nullopt;
  }
}

bool WriteTo(const std::string& path, const std::string& text) {
  if (path == "-") {
    fmt::print("{}", text);
    return true;
  }
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) fmt::print(stderr, "faultline-lab: cannot write {}\n", path);
  return !file.fail();
}

}  // namespace faultline::lab
