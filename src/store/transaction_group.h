// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/extent.h"
#include "store/records.h"
#include "store/transaction.h"

namespace faultline::store {

// Where a name stands in its directory: the order of the keys in RocksDB.
struct DirentPlace {
  InodeId parent{};
  uint64_t hash = 0;
  std::string name;
};

// The same without a copy of the name, for lookups.
struct DirentPlaceView {
  InodeId parent{};
  uint64_t hash = 0;
  std::string_view name;

  DirentPlaceView(InodeId p, uint64_t h, std::string_view n) : parent(p), hash(h), name(n) {}
  DirentPlaceView(const DirentPlace& place)  // NOLINT: it is one
      : parent(place.parent), hash(place.hash), name(place.name) {}
  auto operator<=>(const DirentPlaceView&) const = default;
};

struct DirentOrder {
  using is_transparent = void;
  bool operator()(const DirentPlaceView& a, const DirentPlaceView& b) const { return a < b; }
};

struct DirentTarget {
  InodeId ino{};  // kNoInode: the name is gone
  uint8_t type = 0;
};

struct ChunkPlace {
  InodeId ino{};
  uint64_t index = 0;
  auto operator<=>(const ChunkPlace&) const = default;
};

// What changed while one group was open: the last value of each record, typed, nothing encoded.
// An entry that says "gone" hides an older one. Not thread-safe: see PendingGroups.
class TransactionGroup {
 public:
  // Empty optional and null pointer mean deleted.
  using Inodes = std::unordered_map<InodeId, std::optional<InodeRecord>>;
  using Dirents = std::map<DirentPlace, DirentTarget, DirentOrder>;
  using Chunks = std::map<ChunkPlace, ChunkPtr>;
  using Small = std::unordered_map<uint64_t, BlockPtr>;
  using Orphans = std::map<InodeId, bool>;

  explicit TransactionGroup(TxgId id) : id_(id) {}

  TxgId Id() const { return id_; }
  bool Empty() const { return !changed_; }
  // Memory, roughly.
  uint64_t Bytes() const { return bytes_; }

  // Requires Transaction::HashNames().
  void Apply(Transaction&& transaction);

  const Inodes& ChangedInodes() const { return inodes_; }
  const Dirents& ChangedDirents() const { return dirents_; }
  const Chunks& ChangedChunks() const { return chunks_; }
  const Small& NewSmall() const { return small_; }
  const Orphans& ChangedOrphans() const { return orphans_; }
  // Small blocks of earlier groups that this one freed.
  const std::vector<Extent>& FreedSmall() const { return freed_small_; }
  // Blocks of the volume that this one freed.
  const std::vector<Extent>& FreedVolume() const { return freed_volume_; }
  std::vector<Extent> TakeFreedVolume() { return std::move(freed_volume_); }
  uint64_t FreedVolumeBlocks() const { return freed_volume_blocks_; }

 private:
  void FreeExtent(const Extent& extent);
  void FreeSmallBlocks(const Extent& extent);

  const TxgId id_;
  bool changed_ = false;
  uint64_t bytes_ = 0;
  uint64_t freed_volume_blocks_ = 0;
  Inodes inodes_;
  Dirents dirents_;
  Chunks chunks_;
  Small small_;
  Orphans orphans_;
  std::vector<Extent> freed_small_;
  std::vector<Extent> freed_volume_;
};

}  // namespace faultline::store
