// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace faultline {
namespace log {

enum class Level : int { kDebug, kInfo, kWarning, kError, kOff };
enum class Sink { kStderr, kFile, kSyslog };

struct Options {
  Level level = Level::kInfo;
  Sink sink = Sink::kStderr;
  std::string file;                 // for Sink::kFile, appended to
  std::string ident = "faultline";  // program name in each line
};

/// Replaces where and how much is logged. Any thread, any time; before it stderr gets kInfo and up.
/// ENOENT, EACCES, ... when the file cannot be opened; the old sink stays.
Result<> Configure(const Options& options);

/// "debug", "info", "warning", "error" or "off"; EINVAL otherwise.
Result<Level> ParseLevel(std::string_view name);

namespace internal {
extern std::atomic<Level> g_level;
void Write(Level level, std::string_view line);
void WriteFormatted(Level level, fmt::string_view format, fmt::format_args args);
}  // namespace internal

inline bool Enabled(Level level) {
  return level >= internal::g_level.load(std::memory_order_relaxed);
}

}  // namespace log

/// `LogWarning("volume {}: {} retries", path, n);` One line, no newline at its end.
template <class... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  if (log::Enabled(log::Level::kDebug))
    log::internal::WriteFormatted(log::Level::kDebug, format, fmt::make_format_args(args...));
}
template <class... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  if (log::Enabled(log::Level::kInfo))
    log::internal::WriteFormatted(log::Level::kInfo, format, fmt::make_format_args(args...));
}
template <class... Args>
void LogWarning(fmt::format_string<Args...> format, Args&&... args) {
  if (log::Enabled(log::Level::kWarning))
    log::internal::WriteFormatted(log::Level::kWarning, format, fmt::make_format_args(args...));
}
template <class... Args>
void LogError(fmt::format_string<Args...> format, Args&&... args) {
  if (log::Enabled(log::Level::kError))
    log::internal::WriteFormatted(log::Level::kError, format, fmt::make_format_args(args...));
}

}  // namespace faultline
