// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/settings.h"

namespace faultline::stress {
namespace {

constexpr Instant kSecond = 1'000'000'000;

struct SuiteSize {
  Instant duration;
  uint64_t races;
};

constexpr SuiteSize SizeOf(Suite suite) {
  switch (suite) {
    case Suite::kSmoke: return {45 * kSecond, 2'000};
    case Suite::kStandard: return {180 * kSecond, 3'000};
    case Suite::kSoak: return {1800 * kSecond, 10'000};
  }
  return {};
}

}  // namespace

Instant Settings::Duration() const { return duration != 0 ? duration : SizeOf(suite).duration; }
uint32_t Settings::Threads() const { return threads != 0 ? threads : 4; }
uint64_t Settings::Races() const { return races != 0 ? races : SizeOf(suite).races; }

}  // namespace faultline::stress
