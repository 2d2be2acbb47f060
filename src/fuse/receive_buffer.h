// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace faultline::fuse {

inline constexpr size_t kMaxWrite = size_t{1} << 20;

/// Where one worker receives requests: large enough for the largest, and placed so that the payload
/// of a WRITE begins on a page boundary. Then it goes to the volume with O_DIRECT, uncopied.
class ReceiveBuffer {
 public:
  ReceiveBuffer();

  std::span<std::byte> Space();

 private:
  struct Deleter {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Deleter> memory_;  // page-aligned
};

}  // namespace faultline::fuse
