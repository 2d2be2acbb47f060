// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>

namespace faultline::lock {

/// A line of source. std::source_location, which clang 14 does not have with this library.
///   void Lock(Place where = Place::Current());
struct Place {
  const char* file = "";
  uint32_t line = 0;

  static constexpr Place Current(const char* file = __builtin_FILE(),
                                 uint32_t line = __builtin_LINE()) {
    return {file, line};
  }
  friend bool operator==(Place a, Place b) { return a.file == b.file && a.line == b.line; }
};

/// A Place that other threads may read; its two halves are stored one after the other.
class AtomicPlace {
 public:
  void Store(Place place) {
    file_.store(place.file, std::memory_order_release);
    line_.store(place.line, std::memory_order_release);
  }
  Place Load() const {
    return {file_.load(std::memory_order_acquire), line_.load(std::memory_order_acquire)};
  }

 private:
  std::atomic<const char*> file_{""};
  std::atomic<uint32_t> line_{0};
};

}  // namespace faultline::lock
