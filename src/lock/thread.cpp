// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/thread.h"

#include <utility>

#include "lock/scheduler.h"

namespace faultline::lock {

Thread::Thread(std::string name, std::function<void()> body, ThreadRole role)
    : shared_(std::make_shared<Shared>()) {
  Scheduler* scheduler = ActiveScheduler();
  void* handle = scheduler != nullptr ? scheduler->ThreadCreated(name) : nullptr;
  thread_ = std::thread(
      [name = std::move(name), body = std::move(body), role, scheduler, handle, shared = shared_] {
        if (scheduler != nullptr) scheduler->ThreadStarted(handle);
        NameThisThread(name, role);
        body();
        shared->done.store(true, std::memory_order_release);
        if (scheduler == nullptr) return;
        scheduler->Wake(shared.get(), true);
        scheduler->ThreadExiting();
      });
}

Thread::Thread(Thread&&) noexcept = default;

Thread& Thread::operator=(Thread&& other) noexcept {
  Join();
  shared_ = std::move(other.shared_);
  thread_ = std::move(other.thread_);
  return *this;
}

void Thread::Join() {
  if (!thread_.joinable()) return;
  if (Scheduler* scheduler = ActiveScheduler())
    while (!shared_->done.load(std::memory_order_acquire)) scheduler->Block(shared_.get());
  thread_.join();
}

}  // namespace faultline::lock
