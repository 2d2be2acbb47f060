// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "lock/mutex.h"
#include "store/transaction_group.h"

namespace faultline::store {

// The changes that are not durable: the open group, which collects, and the committing one, which
// is immutable and on its way to RocksDB. Whoever looks a record up asks here first. "Here" is
// before RocksDB also in time: a group leaves only after RocksDB has it.
//
// Thread-safe, memory only, one lock. The committing group may be read without it by the committer.
class PendingGroups {
 public:
  explicit PendingGroups(TxgId first_open);

  struct Applied {
    TxgId group;
    bool first;      // the group was empty before
    uint64_t bytes;  // of that group now
  };
  Applied Apply(Transaction&& transaction);

  // An empty result: no pending group says anything, ask RocksDB.
  std::optional<std::optional<InodeRecord>> Inode(InodeId ino) const;
  std::optional<DirentTarget> Dirent(InodeId parent, uint64_t hash, std::string_view name) const;
  std::optional<ChunkPtr> Chunk(InodeId ino, uint64_t index) const;
  std::optional<BlockPtr> Small(uint64_t address) const;

  // A part of an ordered table, the two groups merged, deletions included.
  template <class Place, class Value>
  struct Part {
    std::vector<std::pair<Place, Value>> entries;
    bool complete = true;  // else there is more behind the last entry
  };
  using DirentPart = Part<DirentPlace, DirentTarget>;
  using ChunkPart = Part<ChunkPlace, ChunkPtr>;
  // From `from` on, of its directory or inode only, at most about `limit` entries.
  DirentPart Dirents(const DirentPlaceView& from, size_t limit) const;
  ChunkPart Chunks(const ChunkPlace& from, size_t limit) const;
  std::vector<std::pair<InodeId, bool>> Orphans() const;

  // --- for the committer
  // Makes the open group the committing one and opens the next. Null: nothing changed. Requires
  // that no group is committing.
  const TransactionGroup* Close();
  // The committing group has become durable. Hands it over, so that it is freed without the lock.
  std::unique_ptr<TransactionGroup> Retire();

  TxgId Open() const { return open_id_.load(std::memory_order_acquire); }
  // The youngest group that has changes and is not younger than `txg`.
  TxgId LastChanged(TxgId txg) const;
  uint64_t Bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t FreedVolumeBlocks() const;

 private:
  mutable lock::Mutex mu_{lock::LockClass::kTransaction};
  std::unique_ptr<TransactionGroup> open_ FL_GUARDED_BY(mu_);
  std::unique_ptr<TransactionGroup> committing_ FL_GUARDED_BY(mu_);
  std::atomic<TxgId> open_id_;
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace faultline::store
