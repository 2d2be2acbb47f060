// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace faultline::internal {

/// Prints place, condition, message and backtrace to stderr, then aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              std::string_view message);

inline std::string CheckMessage() { return {}; }
template <class... Args>
std::string CheckMessage(fmt::format_string<Args...> format, Args&&... args) {
  return fmt::format(format, std::forward<Args>(args)...);
}

}  // namespace faultline::internal

namespace faultline {

/// The calling thread's stack, one frame a line, `skip` innermost frames left out. Allocates.
std::string Backtrace(int skip = 0);

}  // namespace faultline

/// Aborts when an invariant of the program is broken. Never for user input or disk contents:
/// these are errors. `FL_CHECK(begin <= end, "begin {} end {}", begin, end);`
#define FL_CHECK(condition, ...)                                                            \
  do {                                                                                      \
    if (!(condition)) [[unlikely]]                                                          \
      ::faultline::internal::CheckFailed(__FILE__, __LINE__, #condition,                    \
                                         ::faultline::internal::CheckMessage(__VA_ARGS__)); \
  } while (false)

/// FL_CHECK in builds without NDEBUG; compiled but never evaluated otherwise.
#ifdef NDEBUG
#define FL_DCHECK(condition, ...)                              \
  do {                                                         \
    if (false) FL_CHECK(condition __VA_OPT__(, ) __VA_ARGS__); \
  } while (false)
#else
#define FL_DCHECK(condition, ...) FL_CHECK(condition __VA_OPT__(, ) __VA_ARGS__)
#endif
