// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mutant.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {

// Data and metadata of a group become durable together, so fsync and fdatasync are the same: the
// group that holds the last change of the inode. Nobody waits in a worker; the committer answers.
void FilesystemImpl::Fsync(InodeId ino, bool, Completion<> done) {
  Result<InodePtr> inode = inodes_.Get(ino);
  if (!inode) return done(tl::unexpected<Error>(inode.error()));
  store::TxgId txg = 0;
  {
    lock::SharedLock lock((*inode)->mapping);
    txg = (*inode)->dirty_txg;
  }
  if (Mutated(Mutant::kFsyncEarly)) return done({});
  store_.WhenDurable(txg, std::move(done));
}

}  // namespace faultline::fs
