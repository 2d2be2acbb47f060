// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstdint>

#include "base/types.h"

// Where data lives. A block is kBlockSize (4096) bytes. There are two address spaces, and extents
// treat them alike:
//
//   volume      blocks of STORE/volume, recycled by the allocator
//   unwritten   the same blocks, reserved by fallocate: they read as zeros, and a write may fill
//   them in place, because no
//               byte in them was ever valid
//   small       values in RocksDB, one block each, numbered by a counter that never goes back: an
//   address is never reused
//
// Writing small pieces next to the metadata saves fsync its second device flush; they are moved to
// the volume later.
namespace faultline::store {

enum class Space : uint8_t { kVolume = 0, kSmall = 1, kUnwritten = 2 };

struct BlockAddress {
  Space space = Space::kVolume;
  uint64_t block = 0;

  auto operator<=>(const BlockAddress&) const = default;
  BlockAddress operator+(uint64_t blocks) const { return {space, block + blocks}; }
};

// `count` consecutive blocks from `start`.
struct Extent {
  BlockAddress start;
  uint64_t count = 0;

  auto operator<=>(const Extent&) const = default;
};

// A transaction group. Groups become durable in order; 0 is "before every group".
using TxgId = uint64_t;

}  // namespace faultline::store
