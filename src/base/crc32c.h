// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace faultline {

/// CRC-32C (Castagnoli, RFC 3720 B.4): "123456789" gives 0xe3069283. `seed` is the result for the
/// bytes before, so Crc32c(b, Crc32c(a)) is that of a followed by b.
uint32_t Crc32c(std::span<const std::byte> data, uint32_t seed = 0);

}  // namespace faultline
