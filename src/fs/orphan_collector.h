// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <deque>

#include "fs/inode.h"
#include "lock/thread.h"

namespace faultline::fs {

// Deletes inodes that have neither a name nor a user any more, in the background: a large file is
// taken apart in steps, each an atomic change, so a crash in the middle leaves an orphan that the
// next mount goes on with.
class OrphanCollector {
 public:
  explicit OrphanCollector(store::Store& store);
  ~OrphanCollector();  // ends after the inode in work

  void Collect(InodePtr inode);
  // Waits until everything handed over is gone, or the store takes no changes any more.
  void Drain();

 private:
  void Run();
  Result<> Delete(Inode& inode);
  // True when nothing is left.
  Result<bool> DeleteSomeChunks(Inode& inode);

  store::Store& store_;
  lock::Mutex mu_{lock::LockClass::kReclaim};
  lock::CondVar changed_;
  std::deque<InodePtr> queue_ FL_GUARDED_BY(mu_);
  bool working_ FL_GUARDED_BY(mu_) = false;
  bool stop_ FL_GUARDED_BY(mu_) = false;
  lock::Thread thread_;
};

}  // namespace faultline::fs
