// SPDX-License-Identifier: GPL-2.0-or-later
// Where the tree and the programs under test are: told by ctest and meson in the environment, found
// from the place of the test executable when it is started by hand.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace faultline::test {

inline std::filesystem::path BinDirectory() {
  if (const char* told = std::getenv("FAULTLINE_BIN_DIR")) return told;
  return std::filesystem::read_symlink("/proc/self/exe").parent_path();
}

// The top of the source tree. By hand, the test must lie below it or be started in it.
inline std::filesystem::path SourceDirectory() {
  if (const char* told = std::getenv("FAULTLINE_SOURCE_DIR")) return told;
  for (auto place : {BinDirectory(), std::filesystem::current_path()}) {
    for (; place.has_relative_path(); place = place.parent_path()) {
      if (std::filesystem::exists(place / "CMakePresets.json")) return place;
    }
  }
  return std::filesystem::current_path();
}

}  // namespace faultline::test
