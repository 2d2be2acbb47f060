// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>
#include <cstring>

#include "base/mutant.h"
#include "base/test_point.h"
#include "fs/block_writer.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

// What truncate must not do, for Mutant::kTruncateNotifies.
void NotifyAndWait(PageKiller& killer, const InodePtr& inode, ByteRange range) {
  struct State {
    lock::Mutex mu{lock::LockClass::kStatistics};
    lock::CondVar changed;
    bool done FL_GUARDED_BY(mu) = false;
  };
  const auto state = std::make_shared<State>();
  killer.Finish(inode, 0, range, [state] {
    lock::MutexLock lock(state->mu);
    state->done = true;
    state->changed.NotifyAll();
  });
  lock::MutexLock lock(state->mu);
  while (!state->done) state->changed.Wait(lock);
}

}  // namespace

// A page-killer without a notification: the kernel holds its NOWRITE gate over SETATTR(size), so no
// page-cache writeback of the inode is under way, those that follow are cut off at the new size,
// and the kernel itself drops the pages before the call returns. Notifying from here would deadlock
// on that gate.
Result<> FilesystemImpl::Truncate(const InodePtr& inode, uint64_t size,
                                  const RecordChange& change) {
  if (size > kEndOfFile) return Fail(EFBIG);
  FL_TRY(WithSpace(1, [&] { return ShrinkTo(inode, size, change); }));
  if (Mutated(Mutant::kTruncateNotifies)) NotifyAndWait(killer_, inode, {size, kEndOfFile});
  return {};
}

// Growing is the same with nothing to unmap: bytes beyond the old end are zeros already, by
// invariant.
Result<> FilesystemImpl::ShrinkTo(const InodePtr& inode, uint64_t size,
                                  const RecordChange& change) {
  const ByteRange locked{size & ~(kBlockSize - 1), kEndOfFile};
  lock::RangeGuard guard(inode->ranges, locked, lock::RangeLock::Mode::kExclusive);
  FL_ASSIGN_OR_RETURN(FileView view, TakeView(store_, *inode, {locked.begin, locked.begin + 1}));
  if (size < view.size) {
    FL_ASSIGN_OR_RETURN(view, TakeWideView(store_, *inode, locked));
  }

  BlockWriter writer(store_);
  ExtentUpdate update;
  const uint64_t tail = size % kBlockSize;
  const uint64_t tail_block = size / kBlockSize;
  const uint64_t keep = tail_block + (tail != 0 ? 1 : 0);
  if (size < view.size && !Mutated(Mutant::kBlocksKept)) {
    update.Unmap(keep, locked.RoundOut().end / kBlockSize - keep);
    // Bytes beyond the end must be zeros in the store, whatever was there.
    if (tail != 0 && !Mutated(Mutant::kTailKept) && view.HasData(tail_block)) {
      auto block = store::BlockBuffer::Uninitialized(1);
      FL_TRY(ReadBlocks(store_, *inode, ByteRange{size, size + 1}.RoundOut(), block.Bytes()));
      std::memset(block.Bytes().data() + tail, 0, kBlockSize - tail);
      writer.AddOwned(tail_block, std::move(block));
      FL_TRY(writer.Place(view));
    }
  }
  update.Append(writer.update());
  FL_TEST_POINT("fs.truncate.prepared");
  const auto resize = [&](store::InodeRecord& record) {
    record.size = size;
    change(record);
  };
  FL_TRY(
      Publish(store_, *inode, update, std::move(view), locked, resize, writer.TakeTransaction()));
  writer.Published();
  small_mover_.Note(*inode, writer.SmallRanges());
  FL_TEST_POINT("fs.truncate.published");
  return {};
}

}  // namespace faultline::fs
