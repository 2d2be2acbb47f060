// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "fs/inode.h"

namespace faultline::fs {

// What a range of a file looked like at one moment: its extents, and the size that belongs to them.
// Chunks are immutable, so a view stays true to its moment without a lock; the blocks it names stay
// in place while the caller is in a read section or holds the range lock.
struct FileView {
  uint64_t size = 0;
  std::vector<PageMasks::Id> masks;                   // over the range, when it was taken
  std::vector<std::pair<uint64_t, ChunkPtr>> chunks;  // those that exist, ascending by index

  ChunkPtr Find(uint64_t index) const;
  // Something other than zeros may be in `block`.
  bool HasData(uint64_t block) const;
  // Nothing is mapped to `block`, not even a reservation.
  bool IsHole(uint64_t block) const;
};

constexpr uint64_t ChunkOf(uint64_t offset) { return offset / store::kChunkSize; }
// The chunks that `range` touches: [first, last]. Requires a range that is not empty.
struct ChunkSpan {
  uint64_t first, last;
};
constexpr ChunkSpan ChunksOf(ByteRange range) {
  return {ChunkOf(range.begin), ChunkOf(range.end - 1)};
}

// Takes a view, loading what is not in memory first (database I/O, no lock held meanwhile).
// `page_cache`: the view will be answered into the kernel's page cache.
Result<FileView> TakeView(store::Store& store, Inode& inode, ByteRange range,
                          bool page_cache = false);

// The same for a range of any length whose middle cannot change, because the caller holds the range
// lock exclusively: reads the middle from the store instead of through the cache. One exact moment
// for the first and the last chunk and the size.
Result<FileView> TakeWideView(store::Store& store, Inode& inode, ByteRange range);

// Reads whole blocks of a view into page-aligned memory, zeros for holes, and verifies every
// checksum. EIO names inode, offset and extent. ESTALE: a small block has been freed since; take a
// new view.
Result<> ReadView(store::Store& store, InodeId ino, const FileView& view, uint64_t first_block,
                  std::span<std::byte> out);

// A view and its bytes, of one and the same moment. Requires a read section or the range lock.
Result<FileView> ReadBlocks(store::Store& store, Inode& inode, ByteRange blocks,
                            std::span<std::byte> out, bool page_cache = false);

}  // namespace faultline::fs
