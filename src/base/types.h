// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <functional>
#include <limits>

namespace faultline {

/// Number of an inode, never reused while the inode lives. 0 is no inode.
enum class InodeId : uint64_t {};

constexpr uint64_t Raw(InodeId id) { return static_cast<uint64_t>(id); }

inline constexpr InodeId kNoInode{0};
inline constexpr InodeId kRootInode{1};

/// Unit of checksums, extents and masks; the page size of the kernel client.
inline constexpr uint64_t kBlockSize = 4096;

/// Largest file offset (loff_t), the end of a range that reaches to the end of a file.
inline constexpr uint64_t kEndOfFile = std::numeric_limits<int64_t>::max();

/// Bytes [begin, end) of a file. Every empty range is like any other, wherever it lies.
struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;

  /// The range of `size` bytes from `offset`, cut off at kEndOfFile.
  static constexpr ByteRange OfSize(uint64_t offset, uint64_t size) {
    uint64_t room = offset < kEndOfFile ? kEndOfFile - offset : 0;
    return {offset, offset + std::min(size, room)};
  }

  constexpr bool Empty() const { return begin >= end; }
  constexpr uint64_t Size() const { return Empty() ? 0 : end - begin; }
  constexpr bool Contains(uint64_t offset) const { return begin <= offset && offset < end; }
  constexpr bool Contains(ByteRange other) const {
    return other.Empty() || (begin <= other.begin && other.end <= end);
  }
  constexpr bool Overlaps(ByteRange other) const { return !Intersect(other).Empty(); }
  constexpr ByteRange Intersect(ByteRange other) const {
    ByteRange both{std::max(begin, other.begin), std::min(end, other.end)};
    return both.Empty() ? ByteRange{} : both;
  }

  /// The smallest range of whole blocks that contains this one (block: a power of two).
  constexpr ByteRange RoundOut(uint64_t block = kBlockSize) const {
    return Empty() ? ByteRange{}
                   : ByteRange{begin & ~(block - 1), (end + block - 1) & ~(block - 1)};
  }
  /// The largest range of whole blocks inside this one; empty when there is none.
  constexpr ByteRange RoundIn(uint64_t block = kBlockSize) const {
    ByteRange inner{(begin + block - 1) & ~(block - 1), end & ~(block - 1)};
    return Empty() || inner.Empty() ? ByteRange{} : inner;
  }

  friend constexpr bool operator==(ByteRange a, ByteRange b) {
    return (a.Empty() && b.Empty()) || (a.begin == b.begin && a.end == b.end);
  }
};

}  // namespace faultline

template <>
struct std::hash<faultline::InodeId> {
  size_t operator()(faultline::InodeId id) const noexcept {
    return std::hash<uint64_t>{}(faultline::Raw(id));
  }
};
