// SPDX-License-Identifier: GPL-2.0-or-later
#include <benchmark/benchmark.h>

#include <mutex>
#include <shared_mutex>

#include "lock/class_token.h"
#include "lock/grace_period.h"
#include "lock/held_locks.h"
#include "lock/mutex.h"
#include "lock/range_lock.h"

/// Nanoseconds for an uncontended acquisition and release, by the validator's mode (0 off, 1
/// report, 2 abort; 3: abort with hold-time statistics), beside the standard library's.
namespace faultline::lock {
namespace {

class ModeGuard {
 public:
  explicit ModeGuard(const benchmark::State& state) : mode_(GetValidatorMode()) {
    auto wanted = state.range(0);
    SetValidatorMode(static_cast<ValidatorMode>(wanted > 2 ? 2 : wanted));
    EnableLockStatistics(wanted > 2);
  }
  ~ModeGuard() {
    SetValidatorMode(mode_);
    EnableLockStatistics(false);
  }

 private:
  const ValidatorMode mode_;
};

void StdMutex(benchmark::State& state) {
  std::mutex mu;
  for (auto _ : state) {
    std::lock_guard lock(mu);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(StdMutex);

void StdSharedMutexShared(benchmark::State& state) {
  std::shared_mutex mu;
  for (auto _ : state) {
    std::shared_lock lock(mu);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(StdSharedMutexShared);

void LockMutex(benchmark::State& state) {
  ModeGuard mode(state);
  Mutex mu(LockClass::kInodeTable);
  for (auto _ : state) {
    MutexLock lock(mu);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(LockMutex)->DenseRange(0, 3);

void LockShared(benchmark::State& state) {
  ModeGuard mode(state);
  SharedMutex mu(LockClass::kMapping, 5);
  for (auto _ : state) {
    SharedLock lock(mu);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(LockShared)->DenseRange(0, 3);

/// The innermost lock of a write: a request with kernel locks, a gate, an inode and a range held.
void LockNested(benchmark::State& state) {
  ModeGuard mode(state);
  RequestContext request(1, 16, 1, "WRITE");
  RequestScope scope(request);
  KernelHeld({LockClass::kInodeRwsem}, 5);
  ClassToken gate(LockClass::kFreezeWrite);
  SharedMutex inode(LockClass::kInode, 5), mapping(LockClass::kMapping, 5);
  SharedLock held(inode);
  for (auto _ : state) {
    ExclusiveLock lock(mapping);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(LockNested)->DenseRange(0, 3);

void LockRange(benchmark::State& state) {
  ModeGuard mode(state);
  RangeLock ranges(LockClass::kRange, 5);
  for (auto _ : state) {
    RangeGuard guard(ranges, {0, 4096}, Mode::kExclusive);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(LockRange)->DenseRange(0, 3);

void ReadSection(benchmark::State& state) {
  ModeGuard mode(state);
  GracePeriod grace;
  for (auto _ : state) {
    GracePeriod::ReadSection section(grace);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(ReadSection)->DenseRange(0, 3);

void CheckAction(benchmark::State& state) {
  ModeGuard mode(state);
  SharedMutex inode(LockClass::kInode, 5);
  SharedLock held(inode);
  for (auto _ : state) MayDo(Action::kVolumeIo);
}
BENCHMARK(CheckAction)->DenseRange(0, 2);

/// What every request of the kernel pays: a context comes, is entered, left, and goes.
void RequestLife(benchmark::State& state) {
  ModeGuard mode(state);
  for (auto _ : state) {
    RequestContext request(1, 16, 1, "WRITE");
    RequestScope scope(request);
    KernelHeld({LockClass::kInodeRwsem}, 5);
  }
}
BENCHMARK(RequestLife)->DenseRange(0, 2);

}  // namespace
}  // namespace faultline::lock
