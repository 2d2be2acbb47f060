// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace faultline {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Crc32c, MatchesThePublishedValues) {
  EXPECT_EQ(Crc32c(Bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(Crc32c({}), 0u);
  std::vector<std::byte> zeros(32), ones(32, std::byte{0xff});  // RFC 3720 B.4
  EXPECT_EQ(Crc32c(zeros), 0x8a9136aau);
  EXPECT_EQ(Crc32c(ones), 0x62a8ab43u);
}

TEST(Crc32c, SeedContinuesWhereTheLastPieceEnded) {
  std::string_view text = "the quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(Crc32c(Bytes(text.substr(cut)), Crc32c(Bytes(text.substr(0, cut)))),
              Crc32c(Bytes(text)));
}

TEST(Crc32c, MatchesTheDefinitionBitByBit) {
  std::mt19937_64 random(1);
  std::vector<std::byte> data(1000);
  for (auto& b : data) b = static_cast<std::byte>(random());
  uint32_t crc = 0xffffffff;
  for (std::byte b : data) {
    crc ^= static_cast<uint32_t>(b);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  }
  EXPECT_EQ(Crc32c(data), ~crc);
}

}  // namespace
}  // namespace faultline
