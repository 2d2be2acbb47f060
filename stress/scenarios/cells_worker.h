// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <vector>

#include "check/verdict.h"
#include "history/operation.h"
#include "io/file.h"
#include "io/random.h"
#include "run/pulse.h"
#include "scenarios/cells_file.h"

namespace faultline::stress {

/// What the filesystem was found able to do.
struct CellsCapabilities {
  bool punch = false;
  bool zero = false;
  /// A native O_DIRECT read that meets blocks of a mapped store made after its flush fails with EIO
  /// ("Direct I/O collision with buffered writes"): nothing is read, nothing is wrong.
  bool direct_reads_collide = false;
};

/// One thread of the cells scenario: draws operations and records them. Cells have one writer each
/// (neighbours mostly another one), so that values of a cell come in a known order; anybody may
/// zero or read any cell.
class CellsWorker {
 public:
  struct Setup {
    uint16_t thread;
    uint16_t threads;
    uint64_t run;
    uint64_t seed;
    CellsCapabilities can;
    std::span<CellsFile> files;
    Pulse* pulse;
  };

  explicit CellsWorker(const Setup& setup);

  /// `operations` of them, or fewer when the time or the filesystem ends it. On its own thread.
  void Work(uint64_t operations, Instant deadline, uint32_t epoch);
  /// Reads every cell of every file in three ways. While nothing else runs.
  void ReadEverything(uint32_t epoch);
  /// Writes one cell. While nothing else runs; not recorded.
  Result<CellValue> Repair(CellsFile& file, uint32_t cell, uint32_t epoch);

  ThreadHistory& history() { return history_; }
  ViolationLog& violations() { return violations_; }
  const std::optional<Error>& error() const { return error_; }
  uint64_t collisions() const { return collisions_; }

 private:
  struct Range {
    uint32_t first;
    uint32_t cells;
  };
  struct ReadCall {
    const char* call;
    Interval when;
    bool direct;
  };
  using Action = void (CellsWorker::*)(CellsFile&);
  struct Choice {
    uint32_t weight;
    Action action;
  };
  static const std::span<const Choice> kChoices;

  void Pwrite(CellsFile& file);
  void Store(CellsFile& file);
  void StoreThroughNewMapping(CellsFile& file);
  void Punch(CellsFile& file);
  void ZeroRange(CellsFile& file);
  void CutAndGrow(CellsFile& file);
  void Pread(CellsFile& file);
  void Load(CellsFile& file);
  void LoadPrivate(CellsFile& file);
  void LoadThroughNewMapping(CellsFile& file);
  void PreadCold(CellsFile& file);
  void PreadDirect(CellsFile& file);
  void Fsync(CellsFile& file);
  void Msync(CellsFile& file);
  void StartWriteback(CellsFile& file);

  void Draw();
  Range DrawOwned(const CellsFile& file);
  Range DrawAny(const CellsFile& file, uint32_t longest);
  std::span<const std::byte> MakeCells(const CellsFile& file, Range range, CellValue& first);
  void StoreThrough(const Mapping& mapping, CellsFile& file, const char* call);
  void LoadFrom(const Mapping& mapping, CellsFile& file, Range range, const char* call);
  void ReadInto(CellsFile& file, int fd, Range range, std::span<std::byte> buffer,
                const char* call);
  void Fallocate(CellsFile& file, int mode, Verdict stale, const char* call);
  Operation& Record(const CellsFile& file, Range range, Effect effect, const char* call,
                    Interval when);
  void RecordRead(const CellsFile& file, Range range, std::span<const std::byte> bytes,
                  const ReadCall& read);
  std::optional<CellValue> ValueOf(const CellsFile& file, uint32_t cell,
                                   std::span<const std::byte, kCellSize> bytes, const char* call);
  void RecordKill(const CellsFile& file, Range range, Verdict stale, const char* call,
                  Interval when, bool maybe);
  void Note(Result<> result);

  Setup setup_;
  Random random_;
  uint32_t epoch_ = 0;
  uint64_t sequence_ = 0;
  ThreadHistory history_;
  ViolationLog violations_;
  std::optional<Error> error_;
  uint64_t collisions_ = 0;
  std::vector<std::byte> buffer_;
  AlignedBuffer direct_buffer_;
};

}  // namespace faultline::stress
