// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace faultline::lab {

// Epoch-based read sections, one cache line a thread: what RCU and SRCU cost a reader here.
// Sections do not nest. Synchronize, Retire and Poll are for one thread at a time.
class ReadSections {
 public:
  static constexpr size_t kThreads = 32;

  void Enter(size_t thread) {
    slots_[thread].epoch.store(epoch_.load(std::memory_order_relaxed), std::memory_order_seq_cst);
  }
  void Leave(size_t thread) { slots_[thread].epoch.store(kIdle, std::memory_order_release); }

  // synchronize_srcu(): returns when every section that was open has been left.
  void Synchronize();
  // call_srcu(): `free` is run by a later Poll, after such a wait that nobody waits for.
  void Retire(std::function<void()> free);
  void Poll();

 private:
  static constexpr uint64_t kIdle = ~uint64_t{0};
  struct alignas(64) Slot {
    std::atomic<uint64_t> epoch{kIdle};
  };

  uint64_t OldestOpen() const;

  std::atomic<uint64_t> epoch_{0};
  std::array<Slot, kThreads> slots_;
  std::vector<std::pair<uint64_t, std::function<void()>>> retired_;
};

}  // namespace faultline::lab
