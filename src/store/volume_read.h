// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "base/result.h"

namespace faultline::store {

// One of several reads of the volume that go to the disk together. `out` is page-aligned.
struct VolumeRead {
  uint64_t block = 0;
  std::span<std::byte> out;  // whole blocks
};

// Told of each read as soon as it is there, in any order, on the thread that asked: the checksums
// of one are computed while the disk is busy with the next.
using VolumeReadDone = std::function<Result<>(size_t index)>;

}  // namespace faultline::store
