// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "base/types.h"
#include "base/unique_fd.h"
#include "durable/crash_log.h"
#include "io/random.h"

namespace faultline::stress {

/// One thread that changes, syncs and reads back its own cells and says so in the crash log. Its
/// part of each file begins and ends inside pages, so that neighbours share them. It has its own
/// descriptors and mappings: a writeback error is told to everyone who has the file open, once.
class CrashWriter {
 public:
  struct Setup {
    uint32_t thread;
    uint32_t threads;
    uint64_t seed;
    std::string directory;
    const CrashLog* log;
    Pulse* pulse;
  };

  static Result<CrashWriter> Open(const Setup& setup);

  /// Until `deadline`, a stop, or the first error, which is kept. On its own thread.
  void Work(Instant deadline);

  const std::optional<Error>& error() const { return error_; }
  const ViolationLog& violations() const { return violations_; }
  uint64_t operations() const { return operations_; }
  uint64_t syncs() const { return syncs_; }

 private:
  struct OpenFileOfWriter {
    UniqueFd fd;
    Mapping mapping;
  };
  struct Cells {
    uint32_t file;
    uint64_t begin;
    uint64_t end;
  };

  explicit CrashWriter(const Setup& setup);

  Result<> Step();
  Result<> Write(Cells cells, bool durable);
  Result<> Store(Cells cells);
  Result<> Zero(Cells cells, int mode);
  Result<> SyncFile(Cells cells);
  Result<> SyncMapping(Cells cells);
  Result<> ReadBack(Cells cells);

  Cells Own(uint32_t file) const;
  Cells DrawCells(uint64_t longest);
  std::span<const std::byte> Begin(Cells cells);
  void Complete(Cells cells, uint64_t first_sequence);
  std::vector<uint64_t> Completed(Cells cells) const;
  void MarkSynced(Cells cells, const std::vector<uint64_t>& completed);

  Setup setup_;
  Random random_;
  std::vector<OpenFileOfWriter> files_;
  std::vector<std::byte> buffer_;
  uint64_t sequence_ = 0;
  uint64_t operations_ = 0;
  uint64_t syncs_ = 0;
  bool can_zero_ = true;
  std::optional<Error> error_;
  ViolationLog violations_;
};

}  // namespace faultline::stress
