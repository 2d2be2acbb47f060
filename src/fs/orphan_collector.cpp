// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/orphan_collector.h"

#include "base/log.h"
#include "base/test_point.h"
#include "fs/extent_update.h"

namespace faultline::fs {
namespace {

// One step of a deletion: 256 MiB of file, about half a megabyte of pending change.
constexpr size_t kChunksPerStep = 1024;

}  // namespace

OrphanCollector::OrphanCollector(store::Store& store)
    : store_(store), thread_("orphan-collector", [this] { Run(); }) {}

OrphanCollector::~OrphanCollector() {
  {
    lock::MutexLock lock(mu_);
    stop_ = true;
  }
  changed_.NotifyAll();
  thread_.Join();
}

void OrphanCollector::Collect(InodePtr inode) {
  {
    lock::MutexLock lock(mu_);
    queue_.push_back(std::move(inode));
  }
  changed_.NotifyAll();
}

void OrphanCollector::Drain() {
  lock::MutexLock lock(mu_);
  while (!queue_.empty() || working_) changed_.Wait(lock);
}

void OrphanCollector::Run() {
  for (;;) {
    InodePtr inode;
    {
      lock::MutexLock lock(mu_);
      working_ = false;
      changed_.NotifyAll();
      while (!stop_ && queue_.empty()) changed_.Wait(lock);
      if (stop_) return;
      inode = std::move(queue_.front());
      queue_.pop_front();
      working_ = true;
    }
    if (Result<> deleted = Delete(*inode); !deleted)
      LogWarning("inode {} without a name stays until the next mount: {}", Raw(inode->id),
                 deleted.error().ToString());
  }
}

Result<> OrphanCollector::Delete(Inode& inode) {
  for (bool done = false; !done;) {
    FL_TRY(store_.WaitForRoom());
    FL_ASSIGN_OR_RETURN(done, DeleteSomeChunks(inode));
    FL_TEST_POINT("fs.orphan.step");
  }
  lock::ExclusiveLock lock(inode.mapping);
  if (inode.deleted) return {};
  inode.deleted = true;
  store::Transaction transaction;
  transaction.DeleteInode(inode.id);
  transaction.RemoveOrphan(inode.id);
  inode.dirty_txg = store_.Apply(std::move(transaction));
  return {};
}

Result<bool> OrphanCollector::DeleteSomeChunks(Inode& inode) {
  constexpr ByteRange kWhole{0, kEndOfFile};
  // Nobody uses the inode any more, but the mover of small blocks may still be at it.
  lock::RangeGuard guard(inode.ranges, kWhole, lock::RangeLock::Mode::kExclusive);
  FL_ASSIGN_OR_RETURN(auto chunks, store_.ListChunks(inode.id, 0, kChunksPerStep));
  if (chunks.empty()) return true;
  FileView view;
  view.chunks = std::move(chunks);
  ExtentUpdate update;
  const uint64_t first = view.chunks.front().first * store::kChunkBlocks;
  const uint64_t end = (view.chunks.back().first + 1) * store::kChunkBlocks;
  update.Unmap(first, end - first);
  FL_TRY(Publish(store_, inode, update, std::move(view), kWhole, {}, {}));
  return false;
}

}  // namespace faultline::fs
