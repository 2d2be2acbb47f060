// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/result.h"

namespace faultline::stress {

/// Reads a whole file of `size` bytes in every way there is and hands the bytes over each time,
/// with the way's name. A file that is shorter is EIO.
Result<> ReadEveryWay(const std::string& path, uint64_t size,
                      const std::function<void(std::span<const std::byte>, const char*)>& take);

}  // namespace faultline::stress
