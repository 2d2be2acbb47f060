// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/committer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/test_point.h"
#include "store/group_encoder.h"

namespace faultline::store {

Committer::Committer(const Parts& parts, std::chrono::nanoseconds interval)
    : parts_(parts), interval_(interval), durable_(parts.pending.Open() - 1) {
  thread_ = lock::Thread("committer", [this] { Run(); });
}

void Committer::Stop() {
  {
    lock::MutexLock lock(mu_);
    stop_ = true;
    work_.NotifyAll();
  }
  thread_.Join();
}

// --- asking

void Committer::Noticed(const PendingGroups::Applied& applied) {
  const bool pressure = applied.bytes >= parts_.guard.Limits().soft_pending;
  if (!applied.first && !pressure) return;
  lock::MutexLock lock(mu_);
  if (applied.first && dirty_since_.count() == 0) {
    dirty_since_ = MonotonicNow();
    work_.NotifyOne();
  }
  if (pressure && !requested_) {
    requested_ = true;
    work_.NotifyOne();
  }
}

void Committer::PollSoon() {
  lock::MutexLock lock(mu_);
  poll_ = true;
  work_.NotifyOne();
}

void Committer::WhenDurable(TxgId txg, std::function<void(Result<>)> done) {
  const TxgId last = parts_.pending.LastChanged(txg);
  Result<> outcome;
  {
    lock::MutexLock lock(mu_);
    if (last > durable_ && error_.empty()) {
      waiters_.push_back({last, std::move(done)});
      requested_ = true;
      work_.NotifyOne();
      return;
    }
    if (last > durable_) outcome = Fail(EIO, "{}", error_);
  }
  done(std::move(outcome));
}

Result<> Committer::Commit() {
  lock::MayDo(lock::Action::kWaitForCommit);
  struct {
    lock::Mutex mu{lock::LockClass::kCommit, 1};
    lock::CondVar done;
    std::optional<Result<>> result;
  } latch;
  WhenDurable(parts_.pending.Open(), [&latch](Result<> result) {
    lock::MutexLock lock(latch.mu);
    latch.result = std::move(result);
    latch.done.NotifyAll();
  });
  lock::MutexLock lock(latch.mu);
  latch.done.WaitUntil(lock, [&latch] { return latch.result.has_value(); });
  return *std::move(latch.result);
}

Result<> Committer::WaitForRoom() {
  lock::MayDo(lock::Action::kWaitForCommit);
  FL_TRY(CheckFailed());
  const uint64_t limit = parts_.guard.Limits().hard_pending;
  if (parts_.pending.Bytes() < limit) return {};
  lock::MutexLock lock(mu_);
  requested_ = true;
  work_.NotifyOne();
  room_.WaitUntil(
      lock, [&]() FL_REQUIRES(mu_) { return parts_.pending.Bytes() < limit || !error_.empty(); });
  if (!error_.empty()) return Fail(EIO, "{}", error_);
  return {};
}

Result<> Committer::CheckFailed() const {
  if (!Failed()) return {};
  lock::MutexLock lock(mu_);
  return Fail(EIO, "{}", error_);
}

void Committer::SetPreCommit(std::function<void()> hook) {
  lock::MutexLock lock(mu_);
  pre_commit_ = std::move(hook);
}

void Committer::SetInterval(std::chrono::nanoseconds interval) {
  lock::MutexLock lock(mu_);
  interval_ = interval;
  work_.NotifyOne();
}

CommitStatus Committer::Status() const {
  CommitStatus status;
  status.open = parts_.pending.Open();
  status.pending_bytes = parts_.pending.Bytes();
  lock::MutexLock lock(mu_);
  status.durable = durable_;
  status.commits = commits_;
  status.last_commit = last_commit_;
  status.error = error_;
  return status;
}

// --- working

void Committer::Run() {
  while (WaitForWork()) CommitGroup();
}

bool Committer::CommitDueLocked() const {
  if (!error_.empty()) return false;
  if (requested_) return true;
  return dirty_since_.count() != 0 && MonotonicNow() - dirty_since_ >= interval_;
}

bool Committer::WaitForWork() {
  while (true) {
    {
      lock::MutexLock lock(mu_);
      while (!CommitDueLocked() && !poll_ && !stop_) {
        if (dirty_since_.count() == 0 || !error_.empty()) {
          work_.Wait(lock);
        } else {
          work_.WaitFor(lock, dirty_since_ + interval_ - MonotonicNow());
        }
      }
      poll_ = false;
      if (CommitDueLocked()) return true;
      if (stop_) break;
    }
    parts_.reclaim.Poll();
  }
  if (!Failed()) CommitGroup();
  return false;
}

void Committer::CommitGroup() {
  const Nanoseconds start = MonotonicNow();
  {
    // Before the hook, so that a request that comes while it runs is not forgotten.
    lock::MutexLock lock(mu_);
    requested_ = false;
    dirty_since_ = Nanoseconds(0);
  }
  RunPreCommit();
  FL_TEST_POINT("store.commit.close");
  const TransactionGroup* group = parts_.pending.Close();
  if (group == nullptr) return;
  const TxgId txg = group->Id();
  FL_TEST_POINT("store.commit.closed");
  auto result = MakeDurable(*group);
  if (!result) return FailForever(result.error());
  FL_TEST_POINT("store.commit.durable");
  const std::unique_ptr<TransactionGroup> retired = parts_.pending.Retire();
  FL_TEST_POINT("store.commit.retired");
  parts_.reclaim.Accept(retired->TakeFreedVolume());
  parts_.reclaim.Poll();
  Finish(txg, MonotonicNow() - start);
  parts_.guard.Refresh();
}

void Committer::RunPreCommit() {
  std::function<void()> hook;
  {
    lock::MutexLock lock(mu_);
    hook = pre_commit_;
  }
  if (hook) hook();
}

Result<> Committer::MakeDurable(const TransactionGroup& group) {
  StoreState state = parts_.state();
  state.last_txg = group.Id();
  WriteBatch batch = EncodeGroup(parts_.database, group, state);
  FL_TRY(parts_.volume.Sync());
  FL_TEST_POINT("store.commit.volume_synced");
  if (std::string error = parts_.database.BackgroundError(); !error.empty())
    return Fail(EIO, "the database failed in the background: {}", error);
  FL_TRY(parts_.guard.Admit(batch.Bytes(), parts_.database.MemtableBytes()));
  return parts_.database.Write(batch);
}

void Committer::Finish(TxgId txg, Nanoseconds took) {
  std::vector<Waiter> due;
  {
    lock::MutexLock lock(mu_);
    durable_ = txg;
    ++commits_;
    last_commit_ = took;
    due = TakeDueLocked(txg);
    room_.NotifyAll();
  }
  for (Waiter& waiter : due) waiter.done({});
}

std::vector<Committer::Waiter> Committer::TakeDueLocked(TxgId durable) {
  const auto due = std::stable_partition(waiters_.begin(), waiters_.end(),
                                         [&](const Waiter& w) { return w.txg > durable; });
  std::vector<Waiter> taken(std::make_move_iterator(due), std::make_move_iterator(waiters_.end()));
  waiters_.erase(due, waiters_.end());
  return taken;
}

void Committer::FailForever(const Error& error) {
  LogError("the store is read-only from now on: {}", error.ToString());
  std::vector<Waiter> due;
  {
    lock::MutexLock lock(mu_);
    error_ = error.ToString();
    failed_.store(true, std::memory_order_release);
    due = std::exchange(waiters_, {});
    room_.NotifyAll();
  }
  for (Waiter& waiter : due) waiter.done(Fail(EIO, "{}", error.ToString()));
}

}  // namespace faultline::store
