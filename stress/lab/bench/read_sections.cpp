// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/bench/read_sections.h"

#include <algorithm>
#include <thread>

namespace faultline::lab {

uint64_t ReadSections::OldestOpen() const {
  uint64_t oldest = kIdle;
  for (const Slot& slot : slots_)
    oldest = std::min(oldest, slot.epoch.load(std::memory_order_seq_cst));
  return oldest;
}

void ReadSections::Synchronize() {
  const uint64_t before = epoch_.fetch_add(1, std::memory_order_seq_cst);
  while (OldestOpen() <= before) std::this_thread::yield();
}

void ReadSections::Retire(std::function<void()> free) {
  retired_.emplace_back(epoch_.fetch_add(1, std::memory_order_seq_cst), std::move(free));
}

void ReadSections::Poll() {
  const uint64_t oldest = OldestOpen();
  const auto first_kept =
      std::ranges::find_if(retired_, [&](const auto& entry) { return entry.first >= oldest; });
  for (auto entry = retired_.begin(); entry != first_kept; ++entry) entry->second();
  retired_.erase(retired_.begin(), first_kept);
}

}  // namespace faultline::lab
