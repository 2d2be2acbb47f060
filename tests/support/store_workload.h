// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "store/memory_tables.h"
#include "store/store.h"

namespace faultline::test {

// Random transactions of every kind on a store and, in step, on plain maps. Blocks are filled with
// random bytes and carry true checksums, so what is read back later proves itself. One thread.
class StoreWorkload {
 public:
  StoreWorkload(store::Store& store, uint64_t seed) : store_(&store), random_(seed) {}

  // One transaction, prepared and applied.
  void Step();

  // What the store must say now, and what it had to say at the end of each group.
  const store::MemoryTables& Now() const { return now_; }
  const store::MemoryTables& AtEndOf(store::TxgId group) const;

  // The store was closed and opened again, or has crashed: goes on with what a group left.
  void ContinueOn(store::Store& store, store::TxgId last_group);

  // Everything that `store` says equals `tables`, and every block has its checksum.
  static void ExpectEqual(store::Store& store, const store::MemoryTables& tables);

 private:
  static constexpr uint64_t kInodes = 24;
  static constexpr uint64_t kChunks = 4;
  static constexpr uint64_t kNames = 40;
  static constexpr uint64_t kDirectories = 3;

  uint64_t Random(uint64_t limit) { return random_() % limit; }
  void ChangeInode(store::Transaction& transaction);
  void ChangeName(store::Transaction& transaction);
  void ChangeOrphan(store::Transaction& transaction);
  void WriteBlocks(store::Transaction& transaction);
  void WriteSmall(store::Transaction& transaction);
  void PunchBlocks(store::Transaction& transaction);
  void FinishEdit(store::ChunkEdit& edit, InodeId ino, uint64_t index,
                  store::Transaction& transaction);
  store::BlockBuffer RandomBlocks(size_t count);

  store::Store* store_;
  std::mt19937_64 random_;
  store::MemoryTables now_;
  std::map<store::TxgId, store::MemoryTables> groups_;
};

}  // namespace faultline::test
