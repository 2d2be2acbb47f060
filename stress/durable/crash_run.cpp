// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <deque>
#include <thread>

#include "durable/crash_log.h"
#include "durable/crash_writer.h"
#include "io/file.h"

namespace faultline::stress {
namespace {

constexpr uint64_t kFiles = 2;
constexpr uint64_t kCellsPerFile = 64 * kCellsPerPage;
constexpr Instant kLongestRun = 3'600'000'000'000;

/// Errors by which a filesystem goes away under its users.
bool IsGone(const Error& error) {
  switch (error.code()) {
    case ENOTCONN:
    case ECONNABORTED:
    case ENODEV:
    case ENXIO:
    case EIO: return true;
    default: return false;
  }
}

Result<> CreateFiles(const std::string& directory) {
  for (uint64_t file = 0; file < kFiles; ++file) {
    FL_ASSIGN_OR_RETURN(UniqueFd fd,
                        OpenFile(directory + "/" + CrashFileName(file), O_RDWR | O_CREAT | O_EXCL));
    FL_TRY(SetSize(fd.get(), kCellsPerFile * kCellSize));
    FL_TRY(Fsync(fd.get()));
  }
  for (const std::string& path : {directory, directory + "/.."}) {
    FL_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDONLY | O_DIRECTORY));
    FL_TRY(Fsync(fd.get()));
  }
  return {};
}

Result<> OpenWriters(const ScenarioContext& context, const CrashLog& log,
                     std::deque<CrashWriter>& writers) {
  for (uint32_t thread = 0; thread < context.settings.Threads(); ++thread) {
    FL_ASSIGN_OR_RETURN(CrashWriter writer,
                        CrashWriter::Open({thread, context.settings.Threads(), context.seed,
                                           context.directory, &log, &context.pulse}));
    writers.push_back(std::move(writer));
  }
  return {};
}

void RunAll(std::deque<CrashWriter>& writers, Instant duration) {
  Instant deadline = Now() + duration;
  std::vector<std::thread> threads;
  for (CrashWriter& writer : writers) threads.emplace_back([&] { writer.Work(deadline); });
  for (std::thread& thread : threads) thread.join();
}

ScenarioResult Summarise(const std::deque<CrashWriter>& writers, bool stopped) {
  ScenarioResult result;
  std::optional<Error> error;
  uint64_t operations = 0, syncs = 0, gone = 0;
  for (const CrashWriter& writer : writers) {
    operations += writer.operations();
    syncs += writer.syncs();
    result.violations.Merge(writer.violations());
    if (!writer.error()) continue;
    if (IsGone(*writer.error()))
      gone = 1;
    else
      error = writer.error();
  }
  result.counters = {{"operations", operations}, {"syncs", syncs}, {"filesystem went away", gone}};
  result.Conclude(stopped, error);
  return result;
}

Result<ScenarioResult> Run(const ScenarioContext& context) {
  FL_ASSIGN_OR_RETURN(CrashLog log, CrashLog::Create(context.settings.crash_log, context.run,
                                                     kFiles, kCellsPerFile));
  FL_TRY(CreateFiles(context.directory));
  std::deque<CrashWriter> writers;
  FL_TRY(OpenWriters(context, log, writers));
  log.header().ready = 1;
  RunAll(writers, context.settings.duration != 0 ? context.settings.duration : kLongestRun);
  return Summarise(writers, context.pulse.stop);
}

}  // namespace

ScenarioResult RunCrashWriters(const ScenarioContext& context) {
  auto result = Run(context);
  if (result) return std::move(*result);
  ScenarioResult failed;
  failed.Conclude(false, result.error());
  return failed;
}

}  // namespace faultline::stress
