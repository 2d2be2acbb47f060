// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "store/pending_groups.h"
#include "store/records.h"

namespace faultline::store {

// Records as they are now: pending changes over what RocksDB has. Always in this order, pending
// first, because a commit moves records from there to here meanwhile, never back; and a list takes
// its copy of the pending part before it makes its cursor, for the same reason.
//
// Thread-safe: holds no state. Disk I/O. A record that does not decode is EUCLEAN.
class Lookups {
 public:
  Lookups(const PendingGroups& pending, const Database& database, uint64_t name_hash_seed)
      : pending_(pending), database_(database), seed_(name_hash_seed) {}

  Result<std::optional<InodeRecord>> Inode(InodeId ino) const;
  Result<std::vector<std::optional<InodeRecord>>> Inodes(std::span<const InodeId> inos) const;
  Result<std::optional<Dirent>> Entry(InodeId parent, std::string_view name) const;
  Result<std::vector<Dirent>> Entries(InodeId parent, uint64_t after, size_t limit) const;
  Result<ChunkPtr> Chunk(InodeId ino, uint64_t index) const;
  Result<std::vector<std::pair<uint64_t, ChunkPtr>>> Chunks(InodeId ino, uint64_t from,
                                                            size_t limit) const;
  Result<std::vector<InodeId>> Orphans() const;
  Result<BlockPtr> Small(uint64_t address) const;

 private:
  const PendingGroups& pending_;
  const Database& database_;
  const uint64_t seed_;
};

}  // namespace faultline::store
