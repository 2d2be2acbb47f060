// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/space_guard.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "base/log.h"
#include "base/test_point.h"

namespace faultline::store {

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr Nanoseconds kTick = std::chrono::milliseconds(100);

}  // namespace

// All of it follows from the ballast, which is 1/64 of the host within bounds. The sums: while one
// memtable is filled and flushed and one compaction runs, RocksDB needs the batch in its log, the
// memtables in new tables, and the compaction's output: less than six ballasts together.
SpaceLimits SpaceLimits::ForHost(uint64_t host_bytes) {
  SpaceLimits limits;
  limits.ballast = std::clamp(host_bytes / 64, 4 * kMiB, 64 * kMiB);
  limits.write_buffer = limits.ballast / 2;
  limits.max_wal = limits.ballast * 4;
  limits.max_compaction = limits.ballast * 2;
  limits.soft_pending = limits.ballast / 2;
  limits.hard_pending = limits.ballast * 3 / 2;
  limits.keep_free = limits.ballast * 6;
  limits.short_below = limits.ballast * 4;
  return limits;
}

DatabaseTuning TuningFor(const SpaceLimits& limits, bool direct_io) {
  DatabaseTuning tuning;
  tuning.write_buffer = limits.write_buffer;
  tuning.max_wal = limits.max_wal;
  tuning.max_compaction = limits.max_compaction;
  tuning.direct_io = direct_io;
  return tuning;
}

Result<uint64_t> SpaceGuard::HostBytes(const std::filesystem::path& directory) {
  struct statvfs host;
  if (statvfs(directory.c_str(), &host) != 0) return Fail(errno, "{}", directory.native());
  return uint64_t{host.f_blocks} * host.f_frsize;
}

Result<uint64_t> SpaceGuard::HostFreeBytes(const std::filesystem::path& directory) {
  struct statvfs host;
  if (statvfs(directory.c_str(), &host) != 0) return Fail(errno, "{}", directory.native());
  return uint64_t{host.f_bavail} * host.f_frsize;
}

Result<> SpaceGuard::CreateBallast(const std::filesystem::path& path, uint64_t bytes) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return Fail(errno, "{}", path.native());
  const int error = posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes));
  if (error != 0) return Fail(error, "{}: reserving {} MiB", path.native(), bytes / kMiB);
  if (fsync(fd.get()) != 0) return Fail(errno, "{}", path.native());
  return {};
}

Result<std::unique_ptr<SpaceGuard>> SpaceGuard::Open(const std::filesystem::path& ballast,
                                                     const SpaceLimits& limits) {
  UniqueFd fd(open(ballast.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd) return Fail(errno, "{}", ballast.native());
  std::unique_ptr<SpaceGuard> guard(new SpaceGuard(std::move(fd), limits));
  {
    lock::MutexLock lock(guard->mu_);
    guard->ballast_out_ = !guard->HasBallastLocked();
  }
  guard->Refresh();
  return guard;
}

Result<> SpaceGuard::Admit(uint64_t batch, uint64_t memtables) {
  // The log takes the batch with its framing; the memtables, the batch now among them, are flushed
  // to tables some time before the log goes.
  const uint64_t need = batch + batch / 16 + (memtables + batch) + kMiB;
  lock::MutexLock lock(mu_);
  if (LookAtHost() >= need) return {};
  ReleaseBallastLocked();
  if (LookAtHost() >= need) return {};
  return Fail(ENOSPC, "the host has {} KiB free, the next commit may need {} KiB",
              free_.load() / 1024, need / 1024);
}

bool SpaceGuard::Short() {
  if (short_.load(std::memory_order_relaxed)) LookOncePerTick();
  return short_.load(std::memory_order_relaxed);
}

uint64_t SpaceGuard::GrowableBytes() {
  LookOncePerTick();
  const uint64_t free = free_.load(std::memory_order_relaxed);
  return free > limits_.keep_free ? free - limits_.keep_free : 0;
}

void SpaceGuard::LookOncePerTick() {
  int64_t last = looked_at_.load(std::memory_order_relaxed);
  const int64_t now = MonotonicNow().count();
  if (now - last < kTick.count()) return;
  if (looked_at_.compare_exchange_strong(last, now, std::memory_order_relaxed)) LookAtHost();
}

void SpaceGuard::Refresh() {
  lock::MutexLock lock(mu_);
  LookAtHost();
  if (ballast_out_.load() && free_.load() >= limits_.short_below + limits_.ballast)
    TakeBallastLocked();
}

// Leaving the short state needs more than entering it, so that it does not flap.
uint64_t SpaceGuard::LookAtHost() {
  struct statvfs host;
  if (fstatvfs(ballast_.get(), &host) != 0) return free_.load();
  const uint64_t free = uint64_t{host.f_bavail} * host.f_frsize;
  free_.store(free, std::memory_order_relaxed);
  looked_at_.store(MonotonicNow().count(), std::memory_order_relaxed);
  const bool was_short = short_.load(std::memory_order_relaxed);
  const uint64_t enough = limits_.short_below + (was_short ? limits_.ballast / 4 : 0) +
                          (ballast_out_.load() ? limits_.ballast : 0);
  const bool is_short = free < enough;
  if (is_short != was_short && short_.exchange(is_short) != is_short) {
    if (is_short) {
      LogWarning("the host of the store has only {} MiB free: new data is refused", free / kMiB);
    } else {
      LogInfo("the host of the store has {} MiB free: new data is accepted again", free / kMiB);
    }
  }
  return free;
}

bool SpaceGuard::HasBallastLocked() const {
  struct stat st;
  return fstat(ballast_.get(), &st) == 0 && static_cast<uint64_t>(st.st_size) >= limits_.ballast;
}

void SpaceGuard::ReleaseBallastLocked() {
  if (ballast_out_.exchange(true)) return;
  FL_TEST_POINT("store.ballast.release");
  LogWarning("the host of the store is full: giving its reserve of {} MiB back",
             limits_.ballast / kMiB);
  if (ftruncate(ballast_.get(), 0) != 0) LogError("cannot truncate the reserve: errno {}", errno);
}

void SpaceGuard::TakeBallastLocked() {
  if (fallocate(ballast_.get(), 0, 0, static_cast<off_t>(limits_.ballast)) != 0) {
    (void)!ftruncate(ballast_.get(), 0);
    return;
  }
  FL_TEST_POINT("store.ballast.take");
  ballast_out_.store(false);
  LookAtHost();
}

}  // namespace faultline::store
