// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/types.h"
#include "store/extent_chunk.h"
#include "store/records.h"

namespace faultline::store {

// One atomic change of the file system, as a list of what is different afterwards. Filled without
// any lock; applied to the open group in one step by Store::Apply, in memory, and durable together
// or not at all. Not thread-safe.
class Transaction {
 public:
  void PutInode(const InodeRecord& inode) { inodes_.emplace_back(inode.ino, inode); }
  void DeleteInode(InodeId ino) { inodes_.emplace_back(ino, std::nullopt); }

  void PutDirent(InodeId parent, std::string_view name, InodeId ino, uint8_t type);
  void DeleteDirent(InodeId parent, std::string_view name);

  // `chunk` null: the record goes away.
  void PutChunk(InodeId ino, uint64_t index, ChunkPtr chunk) {
    chunks_.push_back({ino, index, std::move(chunk)});
  }
  // The content of a newly made small block.
  void PutSmall(uint64_t address, BlockPtr data) { small_.emplace_back(address, std::move(data)); }
  // No longer referenced by anything; recycled later (see store/reclaim.h).
  void Free(std::span<const Extent> extents) {
    freed_.insert(freed_.end(), extents.begin(), extents.end());
  }

  // An inode without a name that lives until its last close; collected at mount after a crash.
  void AddOrphan(InodeId ino) { orphans_.emplace_back(ino, true); }
  void RemoveOrphan(InodeId ino) { orphans_.emplace_back(ino, false); }

  bool Empty() const;
  std::span<const Extent> FreedExtents() const { return freed_; }

  // Computes what orders dirents. By Store::Apply, before it takes any lock.
  void HashNames(uint64_t seed);

 private:
  friend class TransactionGroup;
  friend class MemoryTables;
  struct DirentChange {
    InodeId parent;
    std::string name;
    InodeId ino;  // 0: delete
    uint8_t type;
    uint64_t hash = 0;
  };
  struct ChunkChange {
    InodeId ino;
    uint64_t index;
    ChunkPtr chunk;
  };
  std::vector<std::pair<InodeId, std::optional<InodeRecord>>> inodes_;
  std::vector<DirentChange> dirents_;
  std::vector<ChunkChange> chunks_;
  std::vector<std::pair<uint64_t, BlockPtr>> small_;
  std::vector<Extent> freed_;
  std::vector<std::pair<InodeId, bool>> orphans_;
};

}  // namespace faultline::store
