// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>
#include <charconv>
#include <optional>

#include "base/test_point.h"

namespace faultline::test_point {

Action Action::Delay(std::chrono::microseconds time) {
  Action action;
  action.kind = Kind::kDelay;
  action.delay = time;
  return action;
}

Action Action::Block() {
  Action action;
  action.kind = Kind::kBlock;
  return action;
}

Action Action::Call(Callback callback) {
  Action action;
  action.kind = Kind::kCall;
  action.callback = std::move(callback);
  return action;
}

Action Action::Crash(int code) {
  Action action;
  action.kind = Kind::kCrash;
  action.exit_code = code;
  return action;
}

Action& Action::AtHit(uint64_t n) {
  at_hit = n;
  return *this;
}

Action& Action::Every(uint64_t n) {
  every = n;
  return *this;
}

Action& Action::WithProbability(double p, uint64_t s) {
  probability = p;
  seed = s;
  return *this;
}

namespace {

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Cuts "N<unit>" off; nothing when the number or the unit is none.
std::optional<std::chrono::microseconds> ParseTime(std::string_view text) {
  constexpr uint64_t kLongest = 3600;
  struct Unit {
    std::string_view suffix;
    uint64_t microseconds;
  };
  for (Unit unit : {Unit{"us", 1}, Unit{"ms", 1000}, Unit{"s", 1000000}}) {
    if (!text.ends_with(unit.suffix)) continue;
    auto n = ParseNumber(text.substr(0, text.size() - unit.suffix.size()));
    if (!n || *n > kLongest * 1000000 / unit.microseconds) return std::nullopt;
    return std::chrono::microseconds(*n * unit.microseconds);
  }
  return std::nullopt;
}

std::optional<Action> ParseKind(std::string_view text) {
  if (text == "block") return Action::Block();
  if (text == "crash") return Action::Crash();
  if (text.starts_with("crash:")) {
    auto code = ParseNumber(text.substr(6));
    if (!code || *code > 255) return std::nullopt;
    return Action::Crash(static_cast<int>(*code));
  }
  if (!text.starts_with("delay:")) return std::nullopt;
  auto time = ParseTime(text.substr(6));
  if (!time) return std::nullopt;
  return Action::Delay(*time);
}

/// "@N", "/N" or "%P".
bool ApplyCondition(std::string_view condition, uint64_t seed, Action& action) {
  auto n = ParseNumber(condition.substr(1));
  if (!n || *n == 0) return false;
  if (condition[0] == '@') action.AtHit(*n);
  if (condition[0] == '/') action.Every(*n);
  if (condition[0] == '%') action.WithProbability(static_cast<double>(*n) / 100, seed);
  return condition[0] != '%' || *n <= 100;
}

std::optional<Action> ParseAction(std::string_view text, uint64_t seed) {
  constexpr std::string_view kConditions = "@/%";
  size_t end = text.find_first_of(kConditions);
  auto action = ParseKind(text.substr(0, end));
  while (action && end != text.npos) {
    text.remove_prefix(end);
    end = text.find_first_of(kConditions, 1);
    if (!ApplyCondition(text.substr(0, end), seed, *action)) return std::nullopt;
  }
  return action;
}

}  // namespace

Result<> ArmFromText(std::string_view text) {
  uint64_t seed = 0;
  std::vector<std::pair<std::string_view, Action>> parsed;
  while (!text.empty()) {
    std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (item.starts_with("seed:")) {
      auto number = ParseNumber(item.substr(5));
      if (!number) return Fail(EINVAL, "test point '{}': not a number", item);
      seed = *number;
      continue;
    }
    size_t equals = item.find('=');
    if (equals == 0 || equals == item.npos)
      return Fail(EINVAL, "test point '{}': not of the form name=action", item);
    auto action = ParseAction(item.substr(equals + 1), seed);
    if (!action) return Fail(EINVAL, "test point '{}': unknown action", item);
    parsed.emplace_back(item.substr(0, equals), std::move(*action));
  }
  for (auto& [name, action] : parsed) Arm(name, std::move(action));
  return {};
}

}  // namespace faultline::test_point
