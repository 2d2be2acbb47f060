// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/inode_table.h"

#include <cerrno>
#include <optional>

#include "base/test_point.h"

namespace faultline::fs {

// A pin that goes with the map would come back to the map through Expired.
InodeTable::~InodeTable() { ForgetAll(); }

// A record read while nobody had the inode in memory is as new as what the last user left behind.
// Counting those who come tells it exactly; those who go are counted a moment after they went.
Result<InodePtr> InodeTable::Get(InodeId ino) {
  for (;;) {
    uint64_t inserted_before = 0;
    {
      lock::MutexLock lock(mu_);
      if (InodePtr inode = FindLocked(ino)) return inode;
      inserted_before = inserted_[SlotOf(ino)];
    }
    FL_ASSIGN_OR_RETURN(const std::optional<store::InodeRecord> record, store_.GetInode(ino));
    FL_TEST_POINT("fs.inode.loaded");
    if (!record) return Fail(ENOENT);
    lock::MutexLock lock(mu_);
    if (InodePtr inode = FindLocked(ino)) return inode;
    if (inserted_[SlotOf(ino)] == inserted_before) return InsertLocked(*record);
  }
}

InodePtr InodeTable::FindLocked(InodeId ino) const {
  auto it = entries_.find(ino);
  return it == entries_.end() ? nullptr : it->second.inode.lock();
}

InodePtr InodeTable::Insert(const store::InodeRecord& record) {
  lock::MutexLock lock(mu_);
  return InsertLocked(record);
}

InodePtr InodeTable::InsertLocked(const store::InodeRecord& record) {
  const InodeId ino = record.ino;
  // Changes made before the inode left memory may still be in the open group: fsync waits for it.
  InodePtr inode(new Inode(record, budget_, store_.OpenTxg()), [this, ino](Inode* gone) {
    delete gone;
    Expired(ino);
  });
  entries_[ino].inode = inode;
  ++inserted_[SlotOf(ino)];
  return inode;
}

// The last user let go. Somebody else may have loaded the inode again in the meantime.
void InodeTable::Expired(InodeId ino) {
  lock::MutexLock lock(mu_);
  auto it = entries_.find(ino);
  if (it != entries_.end() && it->second.inode.expired()) entries_.erase(it);
}

void InodeTable::AddReference(const InodePtr& inode) {
  lock::MutexLock lock(mu_);
  Entry& entry = entries_[inode->id];
  entry.inode = inode;
  entry.pin = inode;
  ++entry.lookups;
}

InodePtr InodeTable::Forget(InodeId ino, uint64_t count) {
  lock::MutexLock lock(mu_);
  auto it = entries_.find(ino);
  if (it == entries_.end() || it->second.lookups == 0) return nullptr;
  Entry& entry = it->second;
  entry.lookups -= std::min(count, entry.lookups);
  if (entry.lookups != 0) return nullptr;
  return std::move(entry.pin);
}

bool InodeTable::Referenced(InodeId ino) const {
  lock::MutexLock lock(mu_);
  auto it = entries_.find(ino);
  return it != entries_.end() && it->second.lookups != 0;
}

std::vector<InodePtr> InodeTable::ForgetAll() {
  std::vector<InodePtr> forgotten;
  lock::MutexLock lock(mu_);
  for (auto& [ino, entry] : entries_) {
    if (entry.lookups == 0) continue;
    entry.lookups = 0;
    forgotten.push_back(std::move(entry.pin));
  }
  return forgotten;
}

std::vector<InodePtr> InodeTable::All() const {
  std::vector<InodePtr> all;
  lock::MutexLock lock(mu_);
  all.reserve(entries_.size());
  for (const auto& [ino, entry] : entries_)
    if (InodePtr inode = entry.inode.lock()) all.push_back(std::move(inode));
  return all;
}

}  // namespace faultline::fs
