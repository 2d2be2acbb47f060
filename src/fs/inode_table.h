// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <memory>
#include <unordered_map>
#include <vector>

#include "fs/inode.h"

namespace faultline::fs {

// The inodes in memory, and how often the kernel refers to each (its lookup count). An inode lives
// here while the kernel refers to it or somebody works on it; then it goes, and is loaded again
// when asked for. Thread-safe.
class InodeTable {
 public:
  explicit InodeTable(store::Store& store, ChunkBudget& budget) : store_(store), budget_(budget) {}
  ~InodeTable();  // nobody works on an inode any more
  InodeTable(const InodeTable&) = delete;
  InodeTable& operator=(const InodeTable&) = delete;

  // ENOENT: no such inode. May read the database.
  Result<InodePtr> Get(InodeId ino);
  // A new inode that nothing refers to yet.
  InodePtr Insert(const store::InodeRecord& record);

  void AddReference(const InodePtr& inode);
  // The inode if this took the last reference.
  InodePtr Forget(InodeId ino, uint64_t count);
  bool Referenced(InodeId ino) const;
  // Takes every reference back (the kernel is gone); the inodes that had one.
  std::vector<InodePtr> ForgetAll();
  // Everything that is in memory now.
  std::vector<InodePtr> All() const;

 private:
  struct Entry {
    std::weak_ptr<Inode> inode;
    InodePtr pin;  // while lookups > 0
    uint64_t lookups = 0;
  };
  static constexpr size_t kSlots = 64;
  static size_t SlotOf(InodeId ino) { return Raw(ino) % kSlots; }

  InodePtr FindLocked(InodeId ino) const FL_REQUIRES(mu_);
  InodePtr InsertLocked(const store::InodeRecord& record) FL_REQUIRES(mu_);
  void Expired(InodeId ino);

  store::Store& store_;
  ChunkBudget& budget_;
  mutable lock::Mutex mu_{lock::LockClass::kInodeTable};
  std::unordered_map<InodeId, Entry> entries_ FL_GUARDED_BY(mu_);
  // How many inodes have come into memory so far, by slot.
  std::array<uint64_t, kSlots> inserted_ FL_GUARDED_BY(mu_){};
};

}  // namespace faultline::fs
