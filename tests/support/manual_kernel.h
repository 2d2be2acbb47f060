// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "fs/kernel_cache.h"

namespace faultline::test {

// A kernel without pages: invalidations either end at once, or wait until the test lets them.
// Thread-safe.
class ManualKernel final : public fs::KernelCache {
 public:
  struct Order {
    InodeId ino;
    ByteRange range;
    std::function<void()> done;
  };

  void Invalidate(InodeId ino, ByteRange range, std::function<void()> done) override {
    {
      std::lock_guard guard(mu_);
      ++invalidations_;
      last_ = range;
      if (hold_) {
        held_.push_back({ino, range, std::move(done)});
        changed_.notify_all();
        return;
      }
    }
    done();
  }

  // From now on invalidations wait for FinishOne.
  void Hold() {
    std::lock_guard guard(mu_);
    hold_ = true;
  }
  // Ends the oldest, or the `index`-th oldest; false when there is none.
  bool FinishOne(size_t index = 0) {
    std::optional<Order> order;
    {
      std::lock_guard guard(mu_);
      if (held_.size() <= index) return false;
      order = std::move(held_[index]);
      held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
    }
    order->done();
    return true;
  }
  // False: they did not come in time.
  [[nodiscard]] bool AwaitHeld(size_t count) {
    std::unique_lock guard(mu_);
    return changed_.wait_for(guard, std::chrono::seconds(60),
                             [&] { return held_.size() >= count; });
  }
  size_t Invalidations() const {
    std::lock_guard guard(mu_);
    return invalidations_;
  }
  ByteRange Last() const {
    std::lock_guard guard(mu_);
    return last_;
  }

 private:
  mutable std::mutex mu_;
  std::condition_variable changed_;
  bool hold_ = false;
  std::deque<Order> held_;
  size_t invalidations_ = 0;
  ByteRange last_;
};

}  // namespace faultline::test
