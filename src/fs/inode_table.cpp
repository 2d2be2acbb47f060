// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/inode_table.h"

#include <cerrno>
#include <optional>

namespace faultline::fs {

Result<InodePtr> InodeTable::Get(InodeId ino) {
  std::optional<store::InodeRecord> record;
  uint64_t expired_before = 0;
  for (;;) {
    {
      lock::MutexLock lock(mu_);
      if (InodePtr inode = FindLocked(ino)) return inode;
      // A record read while nobody's inode expired cannot be older than what an expired one left
      // behind.
      if (record && expired_ == expired_before) return InsertLocked(*record);
      expired_before = expired_;
    }
    FL_ASSIGN_OR_RETURN(record, store_.GetInode(ino));
    if (!record) return Fail(ENOENT);
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
  InodePtr inode(new Inode(record, budget_), [this, ino](Inode* gone) {
    delete gone;
    Expired(ino);
  });
  entries_[ino].inode = inode;
  return inode;
}

// The last user let go. Somebody else may have loaded the inode again in the meantime.
void InodeTable::Expired(InodeId ino) {
  lock::MutexLock lock(mu_);
  ++expired_;
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
