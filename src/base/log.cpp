// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>

#include <cerrno>
#include <memory>
#include <mutex>

#include "base/unique_fd.h"

namespace faultline::log {
namespace {

using Logger = std::shared_ptr<spdlog::logger>;

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
    case Level::kOff: break;
  }
  return spdlog::level::off;
}

spdlog::sink_ptr MakeSink(const Options& options) {
  switch (options.sink) {
    case Sink::kFile: return std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
    case Sink::kSyslog:
      return std::make_shared<spdlog::sinks::syslog_sink_mt>(options.ident, LOG_PID, LOG_DAEMON,
                                                             false);
    case Sink::kStderr: break;
  }
  return std::make_shared<spdlog::sinks::stderr_sink_mt>();
}

Logger MakeLogger(const Options& options) {
  auto logger = std::make_shared<spdlog::logger>(options.ident, MakeSink(options));
  logger->set_level(spdlog::level::trace);  // Enabled() has filtered already
  logger->flush_on(spdlog::level::trace);
  if (options.sink == Sink::kStderr) logger->set_pattern("%n: %l: %v");
  if (options.sink == Sink::kFile) logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %n[%P] %l: %v");
  return logger;
}

struct State {
  std::mutex mu;
  Logger logger = MakeLogger({});  // guarded by mu
};

/// Never destroyed: threads may log while the process exits.
State& GetState() {
  static State* state = new State;
  return *state;
}

Result<> CheckCanOpen(const std::string& file) {
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) return Fail(errno, "log file {}", file);
  return {};
}

}  // namespace

Result<> Configure(const Options& options) {
  if (options.sink == Sink::kFile) FL_TRY(CheckCanOpen(options.file));
  Logger logger;
  try {
    logger = MakeLogger(options);
  } catch (const spdlog::spdlog_ex& e) {
    return Fail(EIO, "log: {}", e.what());
  }
  State& state = GetState();
  std::lock_guard lock(state.mu);
  state.logger = std::move(logger);
  internal::g_level.store(options.level, std::memory_order_relaxed);
  return {};
}

Result<Level> ParseLevel(std::string_view name) {
  constexpr std::string_view kNames[] = {"debug", "info", "warning", "error", "off"};
  for (int i = 0; i < 5; ++i)
    if (name == kNames[i]) return static_cast<Level>(i);
  return Fail(EINVAL, "log level '{}' is none of debug, info, warning, error, off", name);
}

namespace internal {

constinit std::atomic<Level> g_level{Level::kInfo};

void Write(Level level, std::string_view line) {
  Logger logger;
  {
    State& state = GetState();
    std::lock_guard lock(state.mu);
    logger = state.logger;
  }
  logger->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

void WriteFormatted(Level level, fmt::string_view format, fmt::format_args args) {
  fmt::memory_buffer line;
  fmt::vformat_to(fmt::appender(line), format, args);
  Write(level, std::string_view(line.data(), line.size()));
}

}  // namespace internal
}  // namespace faultline::log
