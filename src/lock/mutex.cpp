// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/mutex.h"

#include <algorithm>

#include "base/check.h"
#include "lock/held_locks.h"
#include "lock/scheduler.h"

namespace faultline::lock {

bool Mutex::LockSlow(Place where) {
  internal::CheckAcquire(id_, Mode::kExclusive, where);
  if (Scheduler* scheduler = ActiveScheduler()) scheduler->Yield(where.file);
  if (!mu_.try_lock()) Block(where);
  return internal::NoteAcquired(id_, Mode::kExclusive, where);
}

void Mutex::Block(Place where) {
  WaitScope waiting(id_, where);
  Scheduler* scheduler = ActiveScheduler();
  if (scheduler == nullptr) return mu_.lock();
  while (!mu_.try_lock()) scheduler->Block(this);
}

void Mutex::UnlockSlow(bool tracked) {
  if (tracked) internal::NoteReleased(id_);
  mu_.unlock();
  // After the unlock another thread may destroy the mutex: its address is all that is used.
  if (Scheduler* scheduler = ActiveScheduler()) scheduler->Wake(this, true);
}

SharedMutex::SharedMutex(LockClass lock_class, uint64_t instance)
    : id_{this, lock_class, instance, 0, 0} {
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  // The default lets readers in past waiting writers for ever.
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  FL_CHECK(pthread_rwlock_init(&rwlock_, &attributes) == 0);
  pthread_rwlockattr_destroy(&attributes);
}

SharedMutex::~SharedMutex() { pthread_rwlock_destroy(&rwlock_); }

bool SharedMutex::LockSlow(Mode mode, Place where) {
  internal::CheckAcquire(id_, mode, where);
  if (Scheduler* scheduler = ActiveScheduler()) scheduler->Yield(where.file);
  if (!TryLock(mode)) Block(mode, where);
  return internal::NoteAcquired(id_, mode, where);
}

void SharedMutex::Block(Mode mode, Place where) {
  WaitScope waiting(id_, where);
  if (Scheduler* scheduler = ActiveScheduler()) {
    while (!TryLock(mode)) scheduler->Block(this);
    return;
  }
  int error =
      mode == Mode::kShared ? pthread_rwlock_rdlock(&rwlock_) : pthread_rwlock_wrlock(&rwlock_);
  FL_CHECK(error == 0, "rwlock: error {}", error);
}

void SharedMutex::UnlockSlow(bool tracked) {
  if (tracked) internal::NoteReleased(id_);
  pthread_rwlock_unlock(&rwlock_);
  if (Scheduler* scheduler = ActiveScheduler()) scheduler->Wake(this, true);
}

ExclusiveLockSet::ExclusiveLockSet(std::initializer_list<SharedMutex*> locks, Place where) {
  for (SharedMutex* mu : locks) Insert(mu);
  std::sort(locks_, locks_ + count_, [](const SharedMutex* a, const SharedMutex* b) {
    return a->instance() != b->instance() ? a->instance() < b->instance() : a < b;
  });
  for (size_t i = 0; i < count_; ++i) tracked_[i] = locks_[i]->Lock(Mode::kExclusive, where);
}

void ExclusiveLockSet::Insert(SharedMutex* mu) {
  SharedMutex** end = locks_ + count_;
  if (mu == nullptr || std::find(locks_, end, mu) != end) return;
  FL_CHECK(count_ < kCapacity);
  locks_[count_++] = mu;
}

void ExclusiveLockSet::Unlock() {
  while (count_ > 0) {
    --count_;
    locks_[count_]->Unlock(tracked_[count_]);
  }
}

}  // namespace faultline::lock
