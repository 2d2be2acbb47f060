// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <vector>

#include "fs/extent_update.h"

namespace faultline::fs {

// Puts new content of blocks where it will live, and writes down the extent update that makes it
// visible. Nothing refers to it before that is published, so nothing has to be undone in the file;
// what was allocated is given back if it never is.
//
// * blocks that fallocate reserved are written in place;
// * 16 blocks or more in a row go to newly allocated blocks of the volume at once, from the
// caller's
//   memory;
// * fewer become small blocks: memory now, a commit's batch later, the volume when they have
//   gathered.
//
// Not thread-safe. Requires the range lock over the blocks until the update is published.
class BlockWriter {
 public:
  explicit BlockWriter(store::Store& store) : store_(store) {}
  ~BlockWriter();  // gives back what was not committed to
  BlockWriter(const BlockWriter&) = delete;
  BlockWriter& operator=(const BlockWriter&) = delete;

  // Whole blocks, added in ascending order. `bytes` is borrowed until Place has returned.
  // Page-aligned memory is not copied on its way to the volume.
  void Add(uint64_t block, std::span<const std::byte> bytes);
  void AddOwned(uint64_t block, store::BlockBuffer buffer);

  // ENOSPC, EIO. Volume I/O.
  Result<> Place(const FileView& view);
  // Into the volume whatever the length, for the mover of small blocks.
  Result<> PlaceForGood();

  const ExtentUpdate& update() const { return update_; }
  // What the transaction that publishes the update has to carry.
  store::Transaction TakeTransaction();
  // Bytes of the file that went into small blocks: the mover wants to know.
  std::span<const ByteRange> SmallRanges() const { return small_ranges_; }
  // The update is published: its blocks have an owner now.
  void Published() { allocated_.clear(); }

 private:
  struct Segment {
    uint64_t block;
    std::span<const std::byte> bytes;
    uint64_t end() const { return block + bytes.size() / kBlockSize; }
  };
  Result<> PlaceRange(const FileView& view, uint64_t begin, uint64_t end);
  Result<> PlaceInVolume(uint64_t begin, uint64_t end, store::AllocationClass why);
  Result<> PlaceSmall(uint64_t begin, uint64_t end, store::AllocationClass why);
  Result<> WriteInPlace(uint64_t begin, uint64_t end, store::BlockAddress address);
  Result<> WriteAt(uint64_t begin, uint64_t end, uint64_t volume_block);
  template <typename Visit>
  Result<> ForRows(Visit visit) const;  // consecutive segments as one
  template <typename Visit>
  Result<> ForSegments(uint64_t begin, uint64_t end, Visit visit) const;
  std::vector<uint32_t> Checksums(uint64_t begin, uint64_t end) const;

  store::Store& store_;
  std::vector<Segment> segments_;  // ascending, disjoint
  std::vector<store::BlockBuffer> owned_;
  std::vector<store::Extent> allocated_;
  ExtentUpdate update_;
  store::Transaction transaction_;
  std::vector<ByteRange> small_ranges_;
};

}  // namespace faultline::fs
