// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/real/real_schedule.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>

#include "lab/real/real_explorer.h"

namespace faultline::lab {
namespace {

// Tasks in the order in which a world makes them.
constexpr std::string_view kLetters = "monabcdefgh";
constexpr std::string_view kPrefix = "real";

}  // namespace

bool IsRealSchedule(std::string_view text) {
  return text.starts_with("real/") || text.starts_with("real@");
}

std::string FormatRealSchedule(const std::string& race, const std::string& mutant,
                               const std::vector<ThreadTurn>& turns) {
  std::string text(kPrefix);
  if (mutant != "none") text += "@" + mutant;
  text += "/" + race + ":";
  const char* separator = "";
  for (size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].chosen == turns[i].Default()) continue;
    text += fmt::format("{}{}{}", separator, i, kLetters[turns[i].chosen]);
    separator = ".";
  }
  return text;
}

Result<RealSchedule> ParseRealSchedule(std::string_view text) {
  RealSchedule schedule;
  const size_t slash = text.find('/');
  const size_t colon = text.find(':');
  if (!IsRealSchedule(text) || colon == std::string_view::npos || colon < slash)
    return Fail(EINVAL, "'{}' is not real[@MUTANT]/RACE:TURNS", text);
  if (slash > kPrefix.size()) schedule.mutant = text.substr(5, slash - 5);
  schedule.race = text.substr(slash + 1, colon - slash - 1);
  const char* at = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  while (at < end) {
    size_t turn = 0;
    const auto [rest, error] = std::from_chars(at, end, turn);
    const size_t task = rest < end ? kLetters.find(*rest) : std::string_view::npos;
    if (error != std::errc() || task == std::string_view::npos)
      return Fail(EINVAL, "'{}': a turn is a number and a letter", std::string_view(at, end));
    schedule.deviations[turn] = static_cast<uint8_t>(task);
    at = rest + 1;
    if (at < end && *at == '.') ++at;
  }
  return schedule;
}

}  // namespace faultline::lab
