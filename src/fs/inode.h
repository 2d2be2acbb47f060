// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <memory>

#include "fs/attributes.h"
#include "fs/extent_cache.h"
#include "fs/page_masks.h"
#include "fs/write_log.h"
#include "lock/mutex.h"
#include "lock/range_lock.h"
#include "store/store.h"

namespace faultline::fs {

// An inode in memory. There is never more than one object for an inode number (fs/inode_table.h).
//
// The *published state* (what requests see) changes in one step under the mapping lock, held
// exclusively and only for that: no I/O, no database, no notification, no waiting. Store::Apply is
// part of the step, so memory and the open transaction group never disagree. Whoever reads data
// takes the lock shared, copies pointers and lets go.
//
// The lock is to this daemon what mapping->invalidate_lock is to a kernel filesystem, with one
// difference that the mails ask for: nothing slow ever happens under it.
class Inode {
 public:
  // `txg`: every change of the inode so far is in it or in an earlier group.
  Inode(const store::InodeRecord& rec, ChunkBudget& chunk_budget, store::TxgId txg)
      : id(rec.ino),
        directory(lock::LockClass::kDirectory, Raw(id)),
        ranges(lock::LockClass::kRange, Raw(id)),
        mapping(lock::LockClass::kMapping, Raw(id)),
        record(rec),
        extents(chunk_budget),
        dirty_txg(txg) {}
  Inode(const Inode&) = delete;
  Inode& operator=(const Inode&) = delete;

  const InodeId id;

  // The names in a directory. Shared: lookup and readdir; exclusive: create, unlink, rename.
  lock::SharedMutex directory;
  // Serialises read-modify-write of blocks, and killers with the writers of their range; 4
  // KiB-rounded. Held over volume I/O, never over a wait for the kernel, a commit or another
  // request.
  lock::RangeLock ranges;
  lock::SharedMutex mapping;

  store::InodeRecord record FL_GUARDED_BY(mapping);
  ExtentCache extents FL_GUARDED_BY(mapping);
  PageMasks masks FL_GUARDED_BY(mapping);
  WriteLog writes FL_GUARDED_BY(mapping);
  store::TxgId dirty_txg FL_GUARDED_BY(mapping);  // no later group changes this inode
  bool deleted FL_GUARDED_BY(mapping) = false;    // its record is gone

  // The kernel may have pages of this inode: some page-cache READ or WRITE was answered. Set under
  // the mapping lock (shared will do) before the state is sampled, so that a killer that publishes
  // later cannot miss it. Never cleared.
  std::atomic<bool> pages_cached{false};

  bool IsDirectory() const FL_REQUIRES_SHARED(mapping);
};

using InodePtr = std::shared_ptr<Inode>;

}  // namespace faultline::fs
