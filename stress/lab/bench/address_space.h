// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "lab/bench/locks.h"
#include "lab/bench/read_sections.h"

namespace faultline::lab {

// A mapping of `kPagesPerRegion` pages. Freed through the design, so that a fault that may still
// look at it never sees it go.
struct MappedRegion {
  std::atomic<uint32_t> references{1};
  std::atomic<uint64_t> sequence{0};
  std::atomic<bool> linked{true};
};

// The address space that the mapping designs are timed on: real threads, real locks, page tables
// that are arrays of words. It times synchronisation, not memory management.
class AddressSpace {
 public:
  static constexpr size_t kRegions = 16;
  static constexpr size_t kPagesPerRegion = 64;

  AddressSpace() = default;
  virtual ~AddressSpace();
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;

  // Maps one page; false when the region was not mapped. `io_us`: how long reading it takes.
  virtual bool Fault(size_t thread, size_t region, size_t page, unsigned io_us) = 0;
  // munmap() and mmap() of the region by the one thread that changes the address space; what is
  // timed is Unmap.
  virtual void Unmap(size_t region) = 0;
  virtual void Map(size_t region) = 0;
  // Frees what was retired; called by the changing thread now and then.
  virtual void Poll() {}

  bool AnyPageMapped(size_t region) const;

 protected:
  struct Table {
    SpinLock lock;
    std::array<std::atomic<uint64_t>, kPagesPerRegion> ptes{};
  };

  static void ReadPage(unsigned io_us);
  void SetPte(size_t region, size_t page);
  void Zap(size_t region);
  MappedRegion* Find(size_t region) const { return tree_[region].load(std::memory_order_acquire); }
  void Link(size_t region) { tree_[region].store(new MappedRegion, std::memory_order_release); }
  MappedRegion* Unlink(size_t region);

  std::array<std::atomic<MappedRegion*>, kRegions> tree_{};
  std::array<Table, kRegions> tables_;
};

struct TimedDesign {
  std::string_view name;  // as in the matrix
  std::unique_ptr<AddressSpace> (*make)();
};
std::vector<TimedDesign> TimedDesigns();

}  // namespace faultline::lab
