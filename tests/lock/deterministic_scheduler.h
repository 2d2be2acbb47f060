// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "lock/scheduler.h"

namespace faultline::lock {

/// Runs one thread at a time and lets a seeded generator choose the next at every point where they
/// could change places: so a seed is a schedule, and a failing one can be run again. Time passes
/// only when nobody can run. A deadlock is reported and aborts.
class DeterministicScheduler final : public Scheduler {
 public:
  explicit DeterministicScheduler(uint64_t seed) : random_(seed) {}

  /// Runs `body` and all threads it starts under this scheduler.
  void Run(std::function<void()> body);

  /// Who ran, in order: the schedule.
  const std::vector<std::string>& trace() const { return trace_; }

  void Block(const void* resource) override;
  bool BlockFor(const void* resource, std::chrono::nanoseconds timeout) override;
  void Wake(const void* resource, bool all) override;
  void Yield(const char* point) override;
  void* ThreadCreated(std::string_view name) override;
  void ThreadStarted(void* handle) override;
  void ThreadExiting() override;
  std::chrono::nanoseconds Now() override;

 private:
  struct Task {
    std::string name;
    bool done = false;
    const void* blocked_on = nullptr;
    int64_t deadline_ns = -1;  // while blocked; -1: none
    bool timed_out = false;
    std::condition_variable turn;
  };
  using Lock = std::unique_lock<std::mutex>;

  void ChooseNext();
  bool FireEarliestTimeout();
  void WaitForTurn(Lock& lock, Task& task);
  std::vector<Task*> Runnable() const;
  [[noreturn]] void ReportDeadlock() const;

  std::mutex mu_;  // guards all below
  std::condition_variable all_done_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Task>> tasks_;
  Task* current_ = nullptr;
  int64_t now_ns_ = 0;
  std::vector<std::string> trace_;
};

}  // namespace faultline::lock
