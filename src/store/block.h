// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/types.h"

namespace faultline::store {

// Page-aligned memory of whole blocks, as O_DIRECT wants it. Not thread-safe while it is being
// filled; immutable and freely shared once it is held through a BlockPtr.
class BlockBuffer {
 public:
  explicit BlockBuffer(size_t blocks);  // zero-filled
  static BlockBuffer Uninitialized(size_t blocks);
  BlockBuffer(BlockBuffer&&) noexcept = default;
  BlockBuffer& operator=(BlockBuffer&&) noexcept = default;

  std::span<std::byte> Bytes() { return {data_.get(), blocks_ * kBlockSize}; }
  std::span<const std::byte> Bytes() const { return {data_.get(), blocks_ * kBlockSize}; }
  std::span<std::byte> Block(size_t index) {
    return Bytes().subspan(index * kBlockSize, kBlockSize);
  }
  std::span<const std::byte> Block(size_t index) const {
    return Bytes().subspan(index * kBlockSize, kBlockSize);
  }
  size_t Blocks() const { return blocks_; }

 private:
  struct Deleter {
    void operator()(std::byte* p) const;
  };
  BlockBuffer(std::byte* data, size_t blocks) : data_(data), blocks_(blocks) {}

  std::unique_ptr<std::byte, Deleter> data_;
  size_t blocks_;
};

// The content of one small block while it is in memory.
using BlockPtr = std::shared_ptr<const BlockBuffer>;

}  // namespace faultline::store
