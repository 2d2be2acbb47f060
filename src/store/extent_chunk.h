// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/block.h"
#include "store/extent.h"

// The extent map of a file is cut into chunks of 64 blocks (256 KiB). A chunk is immutable: a
// change makes a new one and publishes it, so a reader that took the pointer keeps a consistent
// view for as long as it likes and holds no lock.
namespace faultline::store {

inline constexpr uint32_t kChunkBlocks = 64;
inline constexpr uint64_t kChunkSize = uint64_t{kChunkBlocks} * kBlockSize;

// Blocks [first, first + count) of the chunk live at `address`, consecutively. What no run covers
// is a hole.
struct Run {
  uint32_t first = 0;
  uint32_t count = 0;
  BlockAddress address;
  TxgId birth = 0;  // the group that was open when the run was made

  uint32_t End() const { return first + count; }
  BlockAddress AddressOf(uint32_t block) const { return address + (block - first); }
  // The two could be one run, `before` first.
  bool Continues(const Run& before) const {
    return before.End() == first && before.address + before.count == address &&
           before.birth == birth;
  }
  bool operator==(const Run&) const = default;
};

class ExtentChunk;
using ChunkPtr = std::shared_ptr<const ExtentChunk>;  // null: the whole chunk is a hole

// Thread-safe: immutable. Invariant: runs are sorted, do not overlap, and adjacent mergeable runs
// are merged; the checksum of a block without data (hole, unwritten) is 0. Reading allocates
// nothing.
class ExtentChunk {
 public:
  // `key` is what the record is stored under; its checksum covers both. Checks every bound; a
  // record that breaks one is EUCLEAN with a message. Never null: a record has at least one run.
  static Result<ChunkPtr> Decode(std::string_view key, std::string_view record);
  std::string Encode(std::string_view key) const;

  std::span<const Run> Runs() const { return runs_; }
  // The run that covers `block` of the chunk, or nullptr for a hole.
  const Run* Find(uint32_t block) const;
  std::optional<BlockAddress> AddressOf(uint32_t block) const;
  // CRC-32C of the 4096 bytes of `block`. Requires that `block` is neither a hole nor unwritten.
  uint32_t Crc(uint32_t block) const { return crc_[block]; }
  // The content of a small block if it is in memory, else null (ask Store::ReadSmall).
  BlockPtr Data(uint32_t block) const;
  uint32_t AllocatedBlocks() const;

  // Same runs and checksums; what is in memory of them does not count.
  bool operator==(const ExtentChunk& other) const {
    return runs_ == other.runs_ && crc_ == other.crc_;
  }

 private:
  friend class ChunkEdit;
  std::vector<Run> runs_;
  std::array<uint32_t, kChunkBlocks> crc_{};
  std::vector<std::pair<uint32_t, BlockPtr>> data_;  // by block, ascending
};

// Builds the successor of a chunk. Not thread-safe. Every block that was mapped and is not any more
// lands in `Freed()`.
//
//   ChunkEdit edit(old);
//   edit.Map(0, 16, address, crcs, txg);
//   edit.Unmap(20, 4);
//   freed = edit.Freed();
//   ChunkPtr next = edit.Finish();
class ChunkEdit {
 public:
  explicit ChunkEdit(ChunkPtr base);

  // Replaces whatever was there. `crcs`: one a block, empty for Space::kUnwritten. `data`, when
  // given, keeps the content of small blocks in memory: one BlockPtr a block.
  //
  // A block that this edit unmapped is not freed when it is mapped again, so writing an unwritten
  // block in place (same block, other space) and moving a block inside the chunk (unmap first) free
  // nothing.
  void Map(uint32_t first, uint32_t count, BlockAddress address, std::span<const uint32_t> crcs,
           TxgId birth, std::span<const BlockPtr> data = {});
  void Unmap(uint32_t first, uint32_t count);

  // Unwritten blocks are blocks of the volume and appear as such. Valid until the next change.
  std::span<const Extent> Freed() const { return freed_; }
  ChunkPtr Finish();  // null when nothing is mapped any more; ends the edit

 private:
  void SplitAt(uint32_t block);
  void Release(const Run& run);
  void TakeBack(Extent extent);
  void Insert(const Run& run);
  void StoreData(uint32_t first, std::span<const BlockPtr> data);
  void DropData(uint32_t first, uint32_t end);

  std::shared_ptr<ExtentChunk> next_;
  std::vector<Extent> freed_;
};

}  // namespace faultline::store
