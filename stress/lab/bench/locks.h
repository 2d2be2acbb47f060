// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <pthread.h>

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

namespace faultline::lab {

// A rwsem: readers queue behind a waiting writer, which std::shared_mutex does not promise.
class RwSem {
 public:
  RwSem() {
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&lock_, &attributes);
    pthread_rwlockattr_destroy(&attributes);
  }
  ~RwSem() { pthread_rwlock_destroy(&lock_); }
  RwSem(const RwSem&) = delete;
  RwSem& operator=(const RwSem&) = delete;

  void lock() { pthread_rwlock_wrlock(&lock_); }
  void unlock() { pthread_rwlock_unlock(&lock_); }
  void lock_shared() { pthread_rwlock_rdlock(&lock_); }
  void unlock_shared() { pthread_rwlock_unlock(&lock_); }

 private:
  pthread_rwlock_t lock_;
};

// A page-table lock. It yields early: on few CPUs the holder may not be running.
class SpinLock {
 public:
  void lock() {
    while (held_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  void unlock() { held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> held_{false};
};

// Ranges of regions, first come first served: a request waits for every overlapping one that
// came before it, held or waiting.
class RangeLock {
 public:
  class Guard {
   public:
    Guard(RangeLock& lock, size_t first, size_t last, bool exclusive);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    friend class RangeLock;
    RangeLock& lock_;
    std::list<Guard*>::iterator place_;
    const size_t first_;
    const size_t last_;
    const bool exclusive_;
  };

 private:
  bool Blocked(const Guard& guard) const;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Guard*> queue_;
};

}  // namespace faultline::lab
