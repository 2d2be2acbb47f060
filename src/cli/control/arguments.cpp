// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/control/arguments.h"

#include <algorithm>
#include <cerrno>

namespace faultline::control {

Result<MountArguments> ParseMountArguments(const std::vector<std::string>& words,
                                           std::initializer_list<std::string_view> known) {
  MountArguments arguments;
  for (const std::string& word : words) {
    if (std::find(known.begin(), known.end(), word) != known.end())
      arguments.options.insert(word);
    else if (word.starts_with("-"))
      return Fail(EINVAL, "unknown option '{}'", word);
    else if (arguments.mount.empty())
      arguments.mount = word;
    else
      return Fail(EINVAL, "one mount at a time, not also '{}'", word);
  }
  if (arguments.mount.empty()) return Fail(EINVAL, "which mount?");
  return arguments;
}

}  // namespace faultline::control
