// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/receive_buffer.h"

#include <linux/fuse.h>

#include <cstdlib>
#include <new>

#include "base/types.h"

namespace faultline::fuse {
namespace {

constexpr size_t kWriteHeaders = sizeof(fuse_in_header) + sizeof(fuse_write_in);
constexpr size_t kSpace = kWriteHeaders + kMaxWrite;
constexpr size_t kOffset = kBlockSize - kWriteHeaders;
static_assert(kSpace >= FUSE_MIN_READ_BUFFER);

}  // namespace

ReceiveBuffer::ReceiveBuffer()
    : memory_(static_cast<std::byte*>(std::aligned_alloc(kBlockSize, kBlockSize + kMaxWrite))) {
  if (!memory_) throw std::bad_alloc();
}

std::span<std::byte> ReceiveBuffer::Space() { return {memory_.get() + kOffset, kSpace}; }

void ReceiveBuffer::Deleter::operator()(std::byte* memory) const { std::free(memory); }

}  // namespace faultline::fuse
