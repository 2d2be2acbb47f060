// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>
#include <cerrno>
#include <charconv>

#include "store/format.h"

namespace faultline::store {

namespace {

constexpr std::string_view kLetters = "KMGT";

}  // namespace

Result<uint64_t> ParseSize(std::string_view text) {
  uint64_t number = 0;
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view letter(rest, static_cast<size_t>(text.data() + text.size() - rest));
  const auto bad = [&] {
    return Fail(EINVAL, "\"{}\" is not a size (a number, and K, M, G or T)", text);
  };
  if (code != std::errc{} || letter.size() > 1) return bad();
  if (letter.empty()) return number;
  const char upper = static_cast<char>(letter[0] & ~0x20);
  const size_t power = kLetters.find(upper);
  if (power == std::string_view::npos) return bad();
  const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
  if (number > UINT64_MAX >> shift) return bad();
  return number << shift;
}

std::string SizeText(uint64_t bytes) {
  constexpr std::array<std::string_view, 7> kUnits = {"bytes", "KiB", "MiB", "GiB",
                                                      "TiB",   "PiB", "EiB"};
  size_t unit = 0;
  auto amount = static_cast<double>(bytes);
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return fmt::format("{:.4g} {}", amount, kUnits[unit]);
}

}  // namespace faultline::store
