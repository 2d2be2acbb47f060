// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <limits>

namespace faultline {

uint32_t Crc32c(std::span<const std::byte> data, uint32_t seed) {
  // ISA-L leaves both inversions to the caller, takes an int and forgets a const.
  constexpr size_t kPiece = size_t{1} << 30;
  static_assert(kPiece <= std::numeric_limits<int>::max());
  uint32_t crc = ~seed;
  while (!data.empty()) {
    std::span<const std::byte> piece = data.first(std::min(data.size(), kPiece));
    auto* bytes = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(piece.data()));
    crc = crc32_iscsi(bytes, static_cast<int>(piece.size()), crc);
    data = data.subspan(piece.size());
  }
  return ~crc;
}

}  // namespace faultline
