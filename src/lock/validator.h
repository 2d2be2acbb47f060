// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "lock/hierarchy.h"
#include "lock/place.h"

/// Checks every acquisition against the hierarchy before it can block, so an inversion is reported
/// on the first run that comes past it, not on the one that hangs. The fast path is two masks per
/// acquisition: no allocation, no lock. (After the kernel's lockdep; rules written, not learned.)
namespace faultline::lock {

/// kReport logs each violating pair of places once; kAbort prints the report and aborts.
/// kOff tracks nothing: holders are unknown then, waiters are known in every mode.
enum class ValidatorMode : uint8_t { kOff, kReport, kAbort };

/// Any thread, any time. Default: kAbort in builds with test points, else kOff.
void SetValidatorMode(ValidatorMode mode);
ValidatorMode GetValidatorMode();

/// Measures hold times per class: two clock reads an acquisition. Default off.
void EnableLockStatistics(bool on);

enum class Mode : uint8_t { kShared, kExclusive };

/// Which lock: its address, and where it stands. A range lock adds the bytes [first, last].
struct LockId {
  const void* lock = nullptr;
  LockClass lock_class = LockClass::kLog;
  uint64_t instance = 0;
  uint64_t first = 0;
  uint64_t last = 0;

  /// The same lock, and for a range lock bytes in common.
  bool SameLock(const LockId& other) const {
    return lock != nullptr && lock == other.lock && first <= other.last && other.first <= last;
  }
  bool operator==(const LockId&) const = default;
};

/// A thread flag: a violation unless everything held here allows `action`.
///   lock::MayDo(lock::Action::kVolumeIo);  // first line of what reads or writes the volume
void MayDo(Action action, Place where = Place::Current());

/// What the kernel takes while we wait for it inside `call` (a notification, a system call on the
/// own mount): each class is checked like an acquisition, and Action::kNotify with them. A worker
/// thread may not wait for the kernel at all.
void TakesInKernel(std::initializer_list<LockClass> classes, std::string_view call,
                   Place where = Place::Current());

void TakesInKernel(ClassMask classes, std::string_view call, Place where = Place::Current());

/// Declares what the requester holds in the kernel, for the life of the current request. Facts,
/// not acquisitions: they are not checked against one another. `instance`: the inode.
void KernelHeld(std::initializer_list<LockClass> classes, uint64_t instance = 0,
                Place where = Place::Current());
void KernelHeld(ClassMask classes, uint64_t instance = 0, Place where = Place::Current());

/// A violation unless the current request holds it in at least this mode. Nothing when kOff.
void AssertHoldsLock(const LockId& id, Mode mode, Place where);

/// Number of violations so far (kReport counts each, logs each pair of places once).
uint64_t ViolationCount();

namespace internal {

/// Features that make a primitive leave its fast path, in one word: one relaxed load decides.
enum Feature : uint32_t {
  kFeatureReport = 1,
  kFeatureAbort = 2,
  kFeatureStatistics = 4,
  kFeatureScheduler = 8,
  kFeatureTracking = kFeatureReport | kFeatureAbort | kFeatureStatistics,
};
extern constinit std::atomic<uint32_t> g_features;

inline uint32_t Features() { return g_features.load(std::memory_order_relaxed); }
inline bool Plain() { return Features() == 0; }
inline bool Validating() { return (Features() & (kFeatureReport | kFeatureAbort)) != 0; }
inline bool Tracking() { return (Features() & kFeatureTracking) != 0; }

/// What every primitive calls: before it may block (CheckAcquire), once it has the lock (true when
/// it is tracked now), when it lets go of a tracked one.
void CheckAcquire(const LockId& id, Mode mode, Place where);
[[nodiscard]] bool NoteAcquired(const LockId& id, Mode mode, Place where);
void NoteReleased(const LockId& id);

}  // namespace internal
}  // namespace faultline::lock
