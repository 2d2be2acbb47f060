// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/block.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace faultline::store {

namespace {

std::byte* AllocateAligned(size_t blocks) {
  void* memory = std::aligned_alloc(kBlockSize, std::max<size_t>(blocks, 1) * kBlockSize);
  if (!memory) throw std::bad_alloc();
  return static_cast<std::byte*>(memory);
}

}  // namespace

BlockBuffer::BlockBuffer(size_t blocks) : BlockBuffer(AllocateAligned(blocks), blocks) {
  std::memset(data_.get(), 0, blocks * kBlockSize);
}

BlockBuffer BlockBuffer::Uninitialized(size_t blocks) {
  return BlockBuffer(AllocateAligned(blocks), blocks);
}

void BlockBuffer::Deleter::operator()(std::byte* p) const { std::free(p); }

}  // namespace faultline::store
