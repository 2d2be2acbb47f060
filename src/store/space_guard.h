// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "base/unique_fd.h"
#include "lock/mutex.h"
#include "store/database.h"

namespace faultline::store {

// How much of everything a host of a given size bears. Bytes.
struct SpaceLimits {
  uint64_t ballast = 0;         // STORE/reserve
  uint64_t write_buffer = 0;    // one memtable of RocksDB
  uint64_t max_wal = 0;         // RocksDB flushes beyond this
  uint64_t max_compaction = 0;  // of one compaction, which needs as much again while it runs
  uint64_t soft_pending = 0;    // of pending changes: a commit starts
  uint64_t hard_pending = 0;    // who wants to change something waits
  uint64_t keep_free = 0;       // the volume does not grow into this
  uint64_t short_below = 0;     // less free: new data is refused

  static SpaceLimits ForHost(uint64_t host_bytes);
};

DatabaseTuning TuningFor(const SpaceLimits& limits, bool direct_io);

// Keeps RocksDB from ever meeting a full disk: Debian's build aborts when an append to the log
// fails. Three lines of defence, as the host fills up from whatever side:
//
//   1. below keep_free the volume stops growing: ENOSPC for data that would need new blocks;
//   2. below short_below new data of every kind is refused; unlinking, truncating and overwriting
//      go on, in what RocksDB has left;
//   3. a batch that might not fit any more gets STORE/reserve: the ballast is given back to the
//      host for it, and taken again before new data is admitted. A batch that does not fit even
//      so is not written; the store turns read-only with a clear message.
//
// Free space means what an unprivileged process may use. Thread-safe. Reserving and releasing the
// ballast is I/O, done by the committer; everybody else reads atomics, at most one statvfs a tick.
class SpaceGuard {
 public:
  // Size of the host's file system, and what is free of it.
  static Result<uint64_t> HostBytes(const std::filesystem::path& directory);
  static Result<uint64_t> HostFreeBytes(const std::filesystem::path& directory);
  // mkfs: ENOSPC when the host cannot give the ballast.
  static Result<> CreateBallast(const std::filesystem::path& path, uint64_t bytes);

  // `ballast` is STORE/reserve. Takes it again if it was given back and there is room.
  static Result<std::unique_ptr<SpaceGuard>> Open(const std::filesystem::path& ballast,
                                                  const SpaceLimits& limits);

  const SpaceLimits& Limits() const { return limits_; }

  // May RocksDB write `batch` bytes now, with `memtables` bytes waiting to be flushed? Committer
  // only. ENOSPC.
  Result<> Admit(uint64_t batch, uint64_t memtables);

  // New data is refused. Looks again, at most once a tick, while it is.
  bool Short();
  // By how many bytes the volume may grow: as of the last look, which is at most a tick old.
  uint64_t GrowableBytes();

  // Looks at the host now.
  void Look() { LookAtHost(); }
  // The same, and takes the ballast back when there is room for it. After each commit.
  void Refresh();

 private:
  SpaceGuard(UniqueFd ballast, const SpaceLimits& limits)
      : limits_(limits), ballast_(std::move(ballast)) {}

  uint64_t LookAtHost();
  void LookOncePerTick();
  bool HasBallastLocked() const FL_REQUIRES(mu_);
  void ReleaseBallastLocked() FL_REQUIRES(mu_);
  void TakeBallastLocked() FL_REQUIRES(mu_);

  const SpaceLimits limits_;
  std::atomic<uint64_t> free_{0};
  std::atomic<bool> short_{false};
  std::atomic<bool> ballast_out_{false};
  std::atomic<int64_t> looked_at_{0};  // monotonic nanoseconds

  lock::Mutex mu_{lock::LockClass::kVolume};
  const UniqueFd ballast_;
};

}  // namespace faultline::store
