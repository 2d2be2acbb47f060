// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/crc32c.h"

namespace faultline::test {

// `body` (a record without its checksum) as a record that is valid under `key`.
inline std::string Sealed(std::string_view key, std::string_view body) {
  const uint32_t of_key = Crc32c(std::as_bytes(std::span(key)));
  const uint32_t crc = Crc32c(std::as_bytes(std::span(body)), of_key);
  std::string record(body);
  for (int shift = 0; shift < 32; shift += 8) record.push_back(static_cast<char>(crc >> shift));
  return record;
}

// A changed record with its checksum made right again: what is left to find is in the content.
inline std::string Resealed(std::string_view key, std::string_view record) {
  return Sealed(key, record.substr(0, record.size() - 4));
}

}  // namespace faultline::test
