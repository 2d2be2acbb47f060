// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/engine/schedule.h"

#include <cstddef>

namespace faultline::lab {
namespace {

constexpr std::string_view kLetters = "abcdABCD*+";
constexpr size_t kLongestRepeat = 255;

}  // namespace

std::string FormatSchedule(const std::vector<System::Choice>& schedule) {
  std::string text;
  for (size_t i = 0; i < schedule.size();) {
    size_t end = i;
    while (end < schedule.size() && schedule[end] == schedule[i]) ++end;
    if (end - i > 1) text += std::to_string(end - i);
    text += kLetters[schedule[i]];
    i = end;
  }
  return text;
}

std::optional<std::vector<System::Choice>> ParseSchedule(std::string_view text) {
  std::vector<System::Choice> schedule;
  size_t repeat = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      repeat = repeat * 10 + static_cast<size_t>(c - '0');
      if (repeat > kLongestRepeat) return std::nullopt;
      continue;
    }
    const size_t choice = kLetters.find(c);
    if (choice == std::string_view::npos) return std::nullopt;
    schedule.insert(schedule.end(), repeat == 0 ? 1 : repeat, static_cast<System::Choice>(choice));
    repeat = 0;
  }
  if (repeat != 0) return std::nullopt;
  return schedule;
}

}  // namespace faultline::lab
