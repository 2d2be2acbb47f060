// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "lock/held_locks.h"

namespace faultline::lock {

/// A named thread that is joined by its destructor. All threads of the daemon are made with it, so
/// that reports know their names and a scheduler sees them.
class Thread {
 public:
  Thread() = default;
  Thread(std::string name, std::function<void()> body, ThreadRole role = ThreadRole::kBackground);
  Thread(Thread&&) noexcept;
  Thread& operator=(Thread&&) noexcept;
  ~Thread() { Join(); }

  bool Joinable() const { return thread_.joinable(); }
  void Join();

 private:
  struct Shared {
    std::atomic<bool> done{false};
  };
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace faultline::lock
