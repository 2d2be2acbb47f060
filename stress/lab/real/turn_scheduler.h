// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lock/scheduler.h"

namespace faultline::lab {

// Who may run at one point of a schedule, and who did.
struct ThreadTurn {
  std::vector<uint8_t> runnable;  // tasks, by number, ascending
  uint8_t before = 0;             // ran until here
  uint8_t chosen = 0;
  std::string place;  // of `before`: test point, source of an acquisition, or "blocked"

  bool CouldGoOn() const;
  bool Preempts() const { return chosen != before && CouldGoOn(); }
  // What runs when nobody interferes: whoever ran, else the task with the lowest number.
  uint8_t Default() const { return CouldGoOn() ? before : runnable.front(); }
};

// Runs the real code one thread at a time; `choose` decides at each point where two could change
// places. Tasks are numbered as they are created. Before Begin everything goes its default way and
// is not recorded: for setting up. A schedule without end or without anybody to run is handed to
// `stuck`, which does not return.
class TurnScheduler final : public lock::Scheduler {
 public:
  using Choose = std::function<uint8_t(const ThreadTurn&)>;
  using Stuck = std::function<void(const std::string& why)>;

  TurnScheduler(Choose choose, Stuck stuck)
      : choose_(std::move(choose)), stuck_(std::move(stuck)) {}

  void Run(std::function<void()> body);
  // From here on turns are chosen and recorded, until End. Called by the body.
  void Begin();
  void End();
  // Lets the others run until nobody else can.
  void Settle();
  const std::vector<ThreadTurn>& turns() const { return turns_; }
  const std::vector<std::string>& tasks() const { return names_; }
  // Who runs now. Called by it.
  std::string Running() const { return names_[current_->number]; }
  // How many turns there were: the time of the laboratory.
  uint64_t Time() const { return time_; }

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
    uint8_t number = 0;
    bool done = false;
    bool settling = false;  // runs when nobody else can
    const void* blocked_on = nullptr;
    int64_t deadline_ns = -1;
    bool timed_out = false;
    std::condition_variable turn;
  };
  using Lock = std::unique_lock<std::mutex>;

  void ChooseNext(const char* place);
  bool FillRunnable();
  bool FireEarliestTimeout();
  void WaitForTurn(Lock& lock, Task& task);

  const Choose choose_;
  const Stuck stuck_;
  std::mutex mu_;  // guards all below
  std::condition_variable all_done_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<std::string> names_;
  std::vector<ThreadTurn> turns_;
  ThreadTurn next_;
  Task* current_ = nullptr;
  bool recording_ = false;
  bool ended_ = false;
  uint64_t time_ = 0;
  int64_t now_ns_ = 0;
};

}  // namespace faultline::lab
