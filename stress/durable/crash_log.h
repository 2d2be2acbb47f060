// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "cells/cell.h"
#include "io/mapping.h"
#include "run/pulse.h"
#include "scenarios/scenario.h"

namespace faultline::stress {

/// What is known about one cell, outside the filesystem under test. Every change of a cell, also a
/// zeroing, has a sequence number of the cell's only writer; 0 is the zero it was created with.
struct CrashRecord {
  std::atomic<uint64_t> started;    // set before the change
  std::atomic<uint64_t> completed;  // set when the call returned
  std::atomic<uint64_t> synced;     // `completed` from before a sync that succeeded
  std::atomic<uint64_t> last_zero;  // the last started change that was a zeroing
};

struct CrashLogHeader {
  uint64_t magic;
  uint64_t run;
  uint64_t files;
  uint64_t cells_per_file;
  std::atomic<uint64_t> ready;  // the files exist and are synced
};

/// Memory-mapped records of all cells in a file that survives the filesystem under test and the
/// process that writes it. Each record has one writer.
class CrashLog {
 public:
  static Result<CrashLog> Create(const std::string& path, uint64_t run, uint64_t files,
                                 uint64_t cells_per_file);
  /// EIO for anything that is not a complete log.
  static Result<CrashLog> Open(const std::string& path);

  CrashLogHeader& header() const { return *reinterpret_cast<CrashLogHeader*>(mapping_.data()); }
  CrashRecord& At(uint64_t file, uint64_t cell) const;

 private:
  explicit CrashLog(Mapping mapping) : mapping_(std::move(mapping)) {}

  Mapping mapping_;
};

/// Whether a cell may hold this after a crash: nothing older than the last sync, nothing that was
/// not started, no part of anything unless a change was under way.
std::optional<Verdict> JudgeAfterCrash(std::span<const std::byte, kCellSize> bytes,
                                       const CellExpectation& place, const CrashRecord& record);

/// Writes, zeroes and syncs, recording into `settings.crash_log`, until the time is over or the
/// filesystem goes away. Leaves its files.
ScenarioResult RunCrashWriters(const ScenarioContext& context);

/// After a remount: every cell against the log.
ScenarioResult VerifyCrash(const Settings& settings, Pulse& pulse);

/// The directory, below the one under test, that the writers leave.
std::string CrashDirectory(const Settings& settings);
std::string CrashFileName(uint64_t file);

}  // namespace faultline::stress
