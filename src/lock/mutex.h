// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <initializer_list>
#include <mutex>

#include "lock/hierarchy.h"
#include "lock/thread_annotations.h"
#include "lock/validator.h"

/// Locks that know their place. They have no public lock() or unlock(): a guard is the only way in
/// and the proof that one is inside, so pass it (or annotate FL_REQUIRES) to what needs the lock.
namespace faultline::lock {

/// Mutual exclusion of threads. `instance` tells locks of one class apart (the inode's number) and
/// orders them where the class allows several. Both are immutable.
class FL_CAPABILITY("mutex") Mutex {
 public:
  explicit Mutex(LockClass lock_class, uint64_t instance = 0)
      : id_{this, lock_class, instance, 0, 0} {}
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  LockClass lock_class() const { return id_.lock_class; }
  uint64_t instance() const { return id_.instance; }

  /// For code that the analysis cannot follow: a violation unless held here (validator on).
  void AssertHeld(Place where = Place::Current()) const FL_ASSERT_CAPABILITY(this) {
    AssertHoldsLock(id_, Mode::kExclusive, where);
  }

 private:
  friend class MutexLock;
  friend class CondVar;

  bool Lock(Place where);
  void Unlock(bool tracked);
  bool LockSlow(Place where);
  void UnlockSlow(bool tracked);
  void Block(Place where);

  std::mutex mu_;
  const LockId id_;
};

/// Many readers or one writer. A waiting writer keeps new readers out, so a stream of faults does
/// not starve a page-killer; taking it shared twice in one thread is therefore a violation.
class FL_CAPABILITY("shared_mutex") SharedMutex {
 public:
  explicit SharedMutex(LockClass lock_class, uint64_t instance = 0);
  ~SharedMutex();
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  LockClass lock_class() const { return id_.lock_class; }
  uint64_t instance() const { return id_.instance; }

  void AssertHeld(Place where = Place::Current()) const FL_ASSERT_CAPABILITY(this) {
    AssertHoldsLock(id_, Mode::kExclusive, where);
  }
  void AssertSharedHeld(Place where = Place::Current()) const FL_ASSERT_SHARED_CAPABILITY(this) {
    AssertHoldsLock(id_, Mode::kShared, where);
  }

 private:
  friend class SharedLock;
  friend class ExclusiveLock;
  friend class ExclusiveLockSet;

  bool TryLock(Mode mode);
  bool Lock(Mode mode, Place where);
  void Unlock(bool tracked);
  bool LockSlow(Mode mode, Place where);
  void UnlockSlow(bool tracked);
  void Block(Mode mode, Place where);

  pthread_rwlock_t rwlock_;
  const LockId id_;
};

/// Holds a Mutex for a scope. Unlock() ends it early, for good.
class FL_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mu, Place where = Place::Current()) FL_ACQUIRE(mu)
      : mu_(&mu), tracked_(mu.Lock(where)) {}
  ~MutexLock() FL_RELEASE() {
    if (mu_ != nullptr) mu_->Unlock(tracked_);
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void Unlock() FL_RELEASE() {
    mu_->Unlock(tracked_);
    mu_ = nullptr;
  }

 private:
  friend class CondVar;
  Mutex* mu_;  // nullptr after Unlock
  bool tracked_;
};

/// Holds a SharedMutex shared for a scope.
class FL_SCOPED_CAPABILITY SharedLock {
 public:
  explicit SharedLock(SharedMutex& mu, Place where = Place::Current()) FL_ACQUIRE_SHARED(mu)
      : mu_(&mu), tracked_(mu.Lock(Mode::kShared, where)) {}
  ~SharedLock() FL_RELEASE_GENERIC() {
    if (mu_ != nullptr) mu_->Unlock(tracked_);
  }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;

  void Unlock() FL_RELEASE_GENERIC() {
    mu_->Unlock(tracked_);
    mu_ = nullptr;
  }

 private:
  SharedMutex* mu_;
  bool tracked_;
};

/// Holds a SharedMutex exclusively for a scope.
class FL_SCOPED_CAPABILITY ExclusiveLock {
 public:
  explicit ExclusiveLock(SharedMutex& mu, Place where = Place::Current()) FL_ACQUIRE(mu)
      : mu_(&mu), tracked_(mu.Lock(Mode::kExclusive, where)) {}
  ~ExclusiveLock() FL_RELEASE() {
    if (mu_ != nullptr) mu_->Unlock(tracked_);
  }
  ExclusiveLock(const ExclusiveLock&) = delete;
  ExclusiveLock& operator=(const ExclusiveLock&) = delete;

  void Unlock() FL_RELEASE() {
    mu_->Unlock(tracked_);
    mu_ = nullptr;
  }

 private:
  SharedMutex* mu_;
  bool tracked_;
};

/// Holds up to four SharedMutexes of one class, taken in ascending order of instance whatever the
/// order of the arguments; nullptr and repetitions are ignored. The analysis cannot follow it:
/// AssertHeld() on each is the way to tell it. (After EdenFS's TreeRenameLocks.)
class ExclusiveLockSet {
 public:
  static constexpr size_t kCapacity = 4;

  explicit ExclusiveLockSet(std::initializer_list<SharedMutex*> locks,
                            Place where = Place::Current());
  ~ExclusiveLockSet() { Unlock(); }
  ExclusiveLockSet(const ExclusiveLockSet&) = delete;
  ExclusiveLockSet& operator=(const ExclusiveLockSet&) = delete;

  void Unlock();

 private:
  void Insert(SharedMutex* mu);

  SharedMutex* locks_[kCapacity];
  bool tracked_[kCapacity];
  size_t count_ = 0;
};

/// Waiting for an event that another thread makes true under the same Mutex. Spurious wake-ups
/// happen: wait in a loop, or with a predicate. What else is held while waiting must allow
/// Action::kWait.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(MutexLock& lock, Place where = Place::Current());
  /// False when the time has passed.
  bool WaitFor(MutexLock& lock, std::chrono::nanoseconds timeout, Place where = Place::Current());

  /// The analysis looks into the predicate: annotate the lambda with FL_REQUIRES(mu_). It cannot
  /// see here that `lock` is that mutex.
  template <class Predicate>
  void WaitUntil(MutexLock& lock, Predicate predicate, Place where = Place::Current())
      FL_NO_TSA("predicates name their mutex") {
    while (!predicate()) Wait(lock, where);
  }
  /// False when the time has passed and the predicate is still false.
  template <class Predicate>
  bool WaitUntil(MutexLock& lock, std::chrono::nanoseconds timeout, Predicate predicate,
                 Place where = Place::Current()) FL_NO_TSA("predicates name their mutex") {
    const std::chrono::nanoseconds deadline = Now() + timeout;
    while (!predicate()) {
      std::chrono::nanoseconds left = deadline - Now();
      if (left.count() <= 0 || !WaitFor(lock, left, where)) return predicate();
    }
    return true;
  }

  void NotifyOne();
  void NotifyAll();

 private:
  static std::chrono::nanoseconds Now();

  std::condition_variable cv_;
};

inline bool Mutex::Lock(Place where) {
  if (internal::Plain() && mu_.try_lock()) [[likely]]
    return false;
  return LockSlow(where);
}

inline void Mutex::Unlock(bool tracked) {
  if (internal::Plain() && !tracked) [[likely]]
    return mu_.unlock();
  UnlockSlow(tracked);
}

inline bool SharedMutex::Lock(Mode mode, Place where) {
  if (internal::Plain() && TryLock(mode)) [[likely]]
    return false;
  return LockSlow(mode, where);
}

inline void SharedMutex::Unlock(bool tracked) {
  if (internal::Plain() && !tracked) [[likely]] {
    pthread_rwlock_unlock(&rwlock_);
    return;
  }
  UnlockSlow(tracked);
}

inline bool SharedMutex::TryLock(Mode mode) {
  return (mode == Mode::kShared ? pthread_rwlock_tryrdlock(&rwlock_)
                                : pthread_rwlock_trywrlock(&rwlock_)) == 0;
}

}  // namespace faultline::lock
