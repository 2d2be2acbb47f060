// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace faultline::stress {

/// Access to mapped files, which other threads, processes and the kernel change at the same time:
/// races there are the purpose, so ThreadSanitizer is kept out of it, and eight bytes are the unit
/// in which a copy can be torn. Call inside Guarded().
__attribute__((no_sanitize("thread"))) inline void CopyMapped(std::byte* to, const std::byte* from,
                                                              size_t size) {
  size_t i = 0;
  for (; i + 8 <= size; i += 8)
    *reinterpret_cast<volatile uint64_t*>(to + i) =
        *reinterpret_cast<const volatile uint64_t*>(from + i);
  for (; i < size; ++i)
    *reinterpret_cast<volatile std::byte*>(to + i) =
        *reinterpret_cast<const volatile std::byte*>(from + i);
}

/// `from` is aligned.
__attribute__((no_sanitize("thread"))) inline uint64_t LoadMappedWord(const std::byte* from) {
  return *reinterpret_cast<const volatile uint64_t*>(from);
}

__attribute__((no_sanitize("thread"))) inline void StoreMappedByte(std::byte* to, uint8_t value) {
  *reinterpret_cast<volatile uint8_t*>(to) = value;
}

}  // namespace faultline::stress
