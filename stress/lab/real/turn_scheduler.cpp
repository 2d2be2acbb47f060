// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/real/turn_scheduler.h"

#include <algorithm>

#include "lock/thread.h"

namespace faultline::lab {
namespace {

// A schedule of two or three calls has some hundreds.
constexpr uint64_t kEndless = 20'000;
constexpr const char* kBlocked = "blocked";

thread_local void* t_task = nullptr;

}  // namespace

bool ThreadTurn::CouldGoOn() const { return std::ranges::find(runnable, before) != runnable.end(); }

void TurnScheduler::Run(std::function<void()> body) {
  lock::SetActiveScheduler(this);
  {
    lock::Thread root("main", std::move(body));
    Lock lock(mu_);
    ChooseNext("start");
    all_done_.wait(lock, [this] { return ended_; });
    lock::SetActiveScheduler(nullptr);
  }
}

void TurnScheduler::Begin() {
  Lock lock(mu_);
  recording_ = true;
}

void TurnScheduler::End() {
  Lock lock(mu_);
  recording_ = false;
}

void TurnScheduler::Settle() {
  Task& task = *static_cast<Task*>(t_task);
  Lock lock(mu_);
  task.settling = true;
  ChooseNext(kBlocked);
  WaitForTurn(lock, task);
}

bool TurnScheduler::FillRunnable() {
  next_.runnable.clear();
  for (const auto& task : tasks_)
    if (!task->done && !task->settling && task->blocked_on == nullptr)
      next_.runnable.push_back(task->number);
  if (!next_.runnable.empty()) return true;
  for (const auto& task : tasks_) {
    if (!task->settling) continue;
    task->settling = false;
    next_.runnable.push_back(task->number);
    return true;
  }
  return false;
}

void TurnScheduler::ChooseNext(const char* place) {
  while (!FillRunnable()) {
    if (FireEarliestTimeout()) continue;
    current_ = nullptr;
    for (const auto& task : tasks_)
      if (!task->done) return stuck_("deadlock");
    ended_ = true;
    all_done_.notify_all();
    return;
  }
  if (++time_ > kEndless) stuck_("no end");
  next_.before = current_ != nullptr ? current_->number : 0;
  next_.chosen = next_.Default();
  if (recording_ && next_.runnable.size() > 1) {
    next_.place = place;
    next_.chosen = choose_(next_);
    turns_.push_back(next_);
  }
  Task* before = current_;
  current_ = tasks_[next_.chosen].get();
  if (current_ != before) current_->turn.notify_one();
}

bool TurnScheduler::FireEarliestTimeout() {
  Task* earliest = nullptr;
  for (const auto& task : tasks_) {
    if (task->done || task->deadline_ns < 0) continue;
    if (earliest == nullptr || task->deadline_ns < earliest->deadline_ns) earliest = task.get();
  }
  if (earliest == nullptr) return false;
  now_ns_ = std::max(now_ns_, earliest->deadline_ns);
  earliest->deadline_ns = -1;
  earliest->blocked_on = nullptr;
  earliest->timed_out = true;
  return true;
}

void TurnScheduler::WaitForTurn(Lock& lock, Task& task) {
  task.turn.wait(lock, [&] { return current_ == &task; });
}

void TurnScheduler::Block(const void* resource) {
  BlockFor(resource, std::chrono::nanoseconds(-1));
}

bool TurnScheduler::BlockFor(const void* resource, std::chrono::nanoseconds timeout) {
  Task& task = *static_cast<Task*>(t_task);
  Lock lock(mu_);
  task.blocked_on = resource;
  task.timed_out = false;
  task.deadline_ns = timeout.count() < 0 ? -1 : now_ns_ + timeout.count();
  ChooseNext(kBlocked);
  WaitForTurn(lock, task);
  return !task.timed_out;
}

void TurnScheduler::Wake(const void* resource, bool all) {
  Lock lock(mu_);
  for (const auto& task : tasks_) {
    if (task->blocked_on != resource) continue;
    task->blocked_on = nullptr;
    task->deadline_ns = -1;
    if (!all) return;
  }
}

void TurnScheduler::Yield(const char* point) {
  if (t_task == nullptr) return;  // not one of ours: a thread from before
  Lock lock(mu_);
  if (!recording_) return;
  ChooseNext(point);
  WaitForTurn(lock, *static_cast<Task*>(t_task));
}

void* TurnScheduler::ThreadCreated(std::string_view name) {
  Lock lock(mu_);
  tasks_.push_back(std::make_unique<Task>());
  tasks_.back()->number = static_cast<uint8_t>(tasks_.size() - 1);
  names_.emplace_back(name);
  return tasks_.back().get();
}

void TurnScheduler::ThreadStarted(void* handle) {
  t_task = handle;
  Lock lock(mu_);
  WaitForTurn(lock, *static_cast<Task*>(handle));
}

void TurnScheduler::ThreadExiting() {
  Lock lock(mu_);
  static_cast<Task*>(t_task)->done = true;
  t_task = nullptr;
  ChooseNext("ends");
}

std::chrono::nanoseconds TurnScheduler::Now() {
  Lock lock(mu_);
  return std::chrono::nanoseconds(now_ns_);
}

}  // namespace faultline::lab
