// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/bench/address_space.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>

namespace faultline::lab {

AddressSpace::~AddressSpace() {
  for (auto& region : tree_) delete region.load();
}

bool AddressSpace::AnyPageMapped(size_t region) const {
  return std::ranges::any_of(tables_[region].ptes, [](const auto& pte) { return pte.load() != 0; });
}

void AddressSpace::ReadPage(unsigned io_us) {
  if (io_us != 0) std::this_thread::sleep_for(std::chrono::microseconds(io_us));
}

void AddressSpace::SetPte(size_t region, size_t page) {
  tables_[region].ptes[page].store(page + 1, std::memory_order_relaxed);
}

void AddressSpace::Zap(size_t region) {
  const std::lock_guard locked(tables_[region].lock);
  for (auto& pte : tables_[region].ptes) pte.store(0, std::memory_order_relaxed);
}

MappedRegion* AddressSpace::Unlink(size_t region) {
  MappedRegion* vma = tree_[region].exchange(nullptr, std::memory_order_acq_rel);
  const std::lock_guard locked(tables_[region].lock);
  vma->linked.store(false, std::memory_order_release);
  vma->sequence.fetch_add(1, std::memory_order_release);
  return vma;
}

}  // namespace faultline::lab
