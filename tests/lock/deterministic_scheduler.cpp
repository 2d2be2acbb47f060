// SPDX-License-Identifier: GPL-2.0-or-later
#include "deterministic_scheduler.h"

#include <cstdio>
#include <cstdlib>

#include "lock/thread.h"

namespace faultline::lock {
namespace {

thread_local void* t_task = nullptr;

}  // namespace

void DeterministicScheduler::Run(std::function<void()> body) {
  SetActiveScheduler(this);
  {
    Thread root("main", std::move(body));
    Lock lock(mu_);
    ChooseNext();
    all_done_.wait(lock, [this] { return current_ == nullptr; });
    SetActiveScheduler(nullptr);
  }
}

std::vector<DeterministicScheduler::Task*> DeterministicScheduler::Runnable() const {
  std::vector<Task*> runnable;
  for (const auto& task : tasks_)
    if (!task->done && task->blocked_on == nullptr) runnable.push_back(task.get());
  return runnable;
}

void DeterministicScheduler::ChooseNext() {
  std::vector<Task*> runnable = Runnable();
  while (runnable.empty()) {
    if (!FireEarliestTimeout()) break;
    runnable = Runnable();
  }
  current_ = nullptr;
  if (runnable.empty()) {
    for (const auto& task : tasks_)
      if (!task->done) ReportDeadlock();
    all_done_.notify_all();
    return;
  }
  current_ = runnable[random_() % runnable.size()];
  trace_.push_back(current_->name);
  current_->turn.notify_one();
}

bool DeterministicScheduler::FireEarliestTimeout() {
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

void DeterministicScheduler::ReportDeadlock() const {
  std::fprintf(stderr, "deadlock under the deterministic scheduler:");
  for (const auto& task : tasks_)
    if (!task->done) std::fprintf(stderr, " %s", task->name.c_str());
  std::fprintf(stderr, "\n");
  std::abort();
}

void DeterministicScheduler::WaitForTurn(Lock& lock, Task& task) {
  task.turn.wait(lock, [&] { return current_ == &task; });
}

void DeterministicScheduler::Block(const void* resource) {
  BlockFor(resource, std::chrono::nanoseconds(-1));
}

bool DeterministicScheduler::BlockFor(const void* resource, std::chrono::nanoseconds timeout) {
  Task& task = *static_cast<Task*>(t_task);
  Lock lock(mu_);
  task.blocked_on = resource;
  task.timed_out = false;
  task.deadline_ns = timeout.count() < 0 ? -1 : now_ns_ + timeout.count();
  ChooseNext();
  WaitForTurn(lock, task);
  return !task.timed_out;
}

void DeterministicScheduler::Wake(const void* resource, bool all) {
  Lock lock(mu_);
  for (const auto& task : tasks_) {
    if (task->blocked_on != resource) continue;
    task->blocked_on = nullptr;
    task->deadline_ns = -1;
    if (!all) return;
  }
}

void DeterministicScheduler::Yield(const char*) {
  if (t_task == nullptr) return;  // not one of ours: a thread from before
  Lock lock(mu_);
  ChooseNext();
  WaitForTurn(lock, *static_cast<Task*>(t_task));
}

void* DeterministicScheduler::ThreadCreated(std::string_view name) {
  Lock lock(mu_);
  tasks_.push_back(std::make_unique<Task>());
  tasks_.back()->name = name;
  return tasks_.back().get();
}

void DeterministicScheduler::ThreadStarted(void* handle) {
  t_task = handle;
  Lock lock(mu_);
  WaitForTurn(lock, *static_cast<Task*>(handle));
}

void DeterministicScheduler::ThreadExiting() {
  Lock lock(mu_);
  static_cast<Task*>(t_task)->done = true;
  t_task = nullptr;
  ChooseNext();
}

std::chrono::nanoseconds DeterministicScheduler::Now() {
  Lock lock(mu_);
  return std::chrono::nanoseconds(now_ns_);
}

}  // namespace faultline::lock
