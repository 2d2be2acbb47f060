// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/records.h"
#include "store/transaction.h"

namespace faultline::store {

// What the records of a store say, as plain maps: the tables of MemoryStore, and the model that the
// tests of the real store compare with. Not thread-safe.
class MemoryTables {
 public:
  void Apply(const Transaction& transaction);

  std::optional<InodeRecord> Inode(InodeId ino) const;
  std::optional<Dirent> Entry(InodeId parent, uint64_t hash, std::string_view name) const;
  std::vector<Dirent> Entries(InodeId parent, uint64_t after, size_t limit) const;
  ChunkPtr Chunk(InodeId ino, uint64_t index) const;
  std::vector<std::pair<uint64_t, ChunkPtr>> Chunks(InodeId ino, uint64_t from, size_t limit) const;
  BlockPtr Small(uint64_t address) const;
  std::vector<InodeId> Orphans() const { return {orphans_.begin(), orphans_.end()}; }

  size_t InodeCount() const { return inodes_.size(); }
  size_t SmallCount() const { return small_.size(); }
  void ReplaceSmall(uint64_t address, BlockPtr data);
  // Volume blocks that a run names, in ascending order of their owners.
  std::vector<Extent> VolumeExtents() const;

 private:
  struct Place {
    InodeId parent;
    uint64_t hash;
    std::string name;
    auto operator<=>(const Place&) const = default;
  };
  struct Target {
    InodeId ino;
    uint8_t type;
  };

  std::map<InodeId, InodeRecord> inodes_;
  std::map<Place, Target> dirents_;
  std::map<std::pair<InodeId, uint64_t>, ChunkPtr> chunks_;
  std::map<uint64_t, BlockPtr> small_;
  std::set<InodeId> orphans_;
};

}  // namespace faultline::store
