// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "lock/mutex.h"
#include "lock/thread.h"
#include "store/database.h"
#include "store/pending_groups.h"
#include "store/reclaim.h"
#include "store/records.h"
#include "store/space_guard.h"
#include "store/store.h"
#include "store/volume.h"

namespace faultline::store {

// Makes groups durable, one after the other, in one thread:
//
//   hook             the file system turns small pieces into large ones      (no lock)
//   close            the open group becomes the committing one, the next opens
//   sync the volume  everything the group names is on the medium             (a flush if written
//   to) admit            the host has room for the batch write            one batch, synced (a
//   flush) retire           the group leaves memory; lookups find it in RocksDB reclaim what it
//   freed waits for a grace period of readers call back        everybody who waited for this group
//   or an earlier one
//
// The volume is synced before the first byte of the batch reaches the log, so no order of writeback
// by the host can make an extent durable before its data. A group starts when somebody asks for
// durability, when it is older than the interval, or when too much is pending; requests that come
// while it runs share the next one.
//
// Any error is final: the groups that are pending stay readable in memory, nothing else becomes
// durable, everybody who waits gets EIO.
//
// Thread-safe. Requests never wait for it, except in WaitForRoom.
class Committer {
 public:
  struct Parts {
    PendingGroups& pending;
    Database& database;
    Volume& volume;
    SpaceGuard& guard;
    Reclaim& reclaim;
    // What the superblock's state is to say from now on.
    std::function<StoreState()> state;
  };

  Committer(const Parts& parts, std::chrono::nanoseconds interval);
  ~Committer() { Stop(); }

  // Commits what is pending, then ends the thread. Reclaim may be woken afterwards, and is ignored.
  void Stop();

  // Tells of a change. Memory only.
  void Noticed(const PendingGroups::Applied& applied);
  // Reclaim may get further.
  void PollSoon();

  void WhenDurable(TxgId txg, std::function<void(Result<>)> done);
  Result<> Commit();
  Result<> WaitForRoom();

  void SetPreCommit(std::function<void()> hook);
  void SetInterval(std::chrono::nanoseconds interval);
  CommitStatus Status() const;
  bool Failed() const { return failed_.load(std::memory_order_acquire); }
  Result<> CheckFailed() const;

 private:
  struct Waiter {
    TxgId txg;
    std::function<void(Result<>)> done;
  };

  void Run();
  // False: stop.
  bool WaitForWork();
  bool CommitDueLocked() const FL_REQUIRES(mu_);
  void CommitGroup();
  void RunPreCommit();
  Result<> MakeDurable(const TransactionGroup& group);
  void Finish(TxgId txg, Nanoseconds took);
  void FailForever(const Error& error);
  std::vector<Waiter> TakeDueLocked(TxgId durable) FL_REQUIRES(mu_);

  const Parts parts_;
  std::atomic<bool> failed_{false};

  mutable lock::Mutex mu_{lock::LockClass::kCommit};
  lock::CondVar work_;
  lock::CondVar room_;
  std::vector<Waiter> waiters_ FL_GUARDED_BY(mu_);
  std::function<void()> pre_commit_ FL_GUARDED_BY(mu_);
  Nanoseconds interval_ FL_GUARDED_BY(mu_);
  Nanoseconds dirty_since_ FL_GUARDED_BY(mu_){0};  // monotonic; 0: not dirty
  bool requested_ FL_GUARDED_BY(mu_) = false;
  bool poll_ FL_GUARDED_BY(mu_) = false;
  bool stop_ FL_GUARDED_BY(mu_) = false;
  TxgId durable_ FL_GUARDED_BY(mu_);
  uint64_t commits_ FL_GUARDED_BY(mu_) = 0;
  Nanoseconds last_commit_ FL_GUARDED_BY(mu_){0};
  std::string error_ FL_GUARDED_BY(mu_);

  lock::Thread thread_;  // last: it uses the rest
};

}  // namespace faultline::store
