// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <cerrno>

#include "base/mutant.h"
#include "base/test_point.h"
#include "fs/file_view.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

constexpr int64_t kAtimeDay = 24 * 60 * 60;

// The rule of relatime: at most once a day, unless the file has changed since.
bool AtimeIsOld(const store::InodeRecord& record, const Timestamp& now) {
  return record.atime <= record.mtime || record.atime <= record.ctime ||
         now.seconds - record.atime.seconds >= kAtimeDay;
}

}  // namespace

// The fault path. A read section pins the blocks, the mapping lock is held shared while pointers
// are copied, and no lock at all while the disk works: what a killer publishes meanwhile is
// answered by its invalidation.
Result<ReadReply> FilesystemImpl::Read(InodeId ino, ByteRange range, ReadKind kind) {
  FL_ASSIGN_OR_RETURN(InodePtr inode, RegularFile(ino));
  lock::GracePeriod::ReadSection section(store_.Readers());
  if (Mutated(Mutant::kReadUnpinned)) section.End();
  const ByteRange blocks = range.RoundOut();
  store::BlockBuffer buffer = store::BlockBuffer::Uninitialized(blocks.Size() / kBlockSize);
  if (range.Empty()) return ReadReply(std::move(section), std::move(buffer), 0, 0);

  const bool page_cache = kind == ReadKind::kPageCache;
  FL_ASSIGN_OR_RETURN(FileView view,
                      ReadBlocks(store_, *inode, blocks, buffer.Bytes(), page_cache));
  FL_TEST_POINT("fs.read.filled");
  // These pages will hold what was published, so what is stored into them counts again.
  if (page_cache && Mutated(Mutant::kCachedLate)) inode->pages_cached.store(true);
  if (page_cache && (!view.masks.empty() || Mutated(Mutant::kRegrantAtReply))) {
    lock::ExclusiveLock lock(inode->mapping);
    if (Mutated(Mutant::kRegrantAtReply)) view.masks = inode->masks.Over(range);
    inode->masks.Regrant(view.masks, range);
  }
  TouchAtime(*inode);
  const uint64_t end = std::min(range.end, view.size);
  const size_t size = end > range.begin ? end - range.begin : 0;
  return ReadReply(std::move(section), std::move(buffer), range.begin - blocks.begin, size);
}

void FilesystemImpl::TouchAtime(Inode& inode) {
  if (store_.ReadOnly()) return;
  const Timestamp now = Now();
  {
    lock::SharedLock lock(inode.mapping);
    if (!AtimeIsOld(inode.record, now)) return;
  }
  lock::ExclusiveLock lock(inode.mapping);
  if (inode.deleted || !AtimeIsOld(inode.record, now)) return;
  inode.record.atime = now;
  store::Transaction transaction;
  transaction.PutInode(inode.record);
  store_.Apply(std::move(transaction));
}

// Blocks that were reserved but never written count as holes, as on ext4 and xfs.
Result<uint64_t> FilesystemImpl::Seek(InodeId ino, uint64_t offset, int whence) {
  constexpr size_t kBatch = 256;
  if (whence != SEEK_DATA && whence != SEEK_HOLE) return Fail(EINVAL);
  FL_ASSIGN_OR_RETURN(InodePtr inode, RegularFile(ino));
  uint64_t size = 0;
  {
    lock::SharedLock lock(inode->mapping);
    size = inode->record.size;
  }
  // lseek(2), ENXIO: "whence is SEEK_DATA or SEEK_HOLE, and offset is beyond the end of the file".
  if (offset >= size) return Fail(ENXIO);

  uint64_t at =
      offset / kBlockSize;  // in blocks: everything from `offset` to here is of the other kind
  for (uint64_t from = ChunkOf(offset);;) {
    FL_ASSIGN_OR_RETURN(auto chunks, store_.ListChunks(ino, from, kBatch));
    for (const auto& [index, chunk] : chunks) {
      for (const store::Run& run : chunk->Runs()) {
        if (run.address.space == store::Space::kUnwritten) continue;
        const uint64_t begin = index * store::kChunkBlocks + run.first;
        const uint64_t end = begin + run.count;
        if (end <= at) continue;
        if (whence == SEEK_DATA) {
          const uint64_t found = std::max(offset, begin * kBlockSize);
          return found < size ? Result<uint64_t>(found) : Fail(ENXIO);
        }
        if (begin > at) return std::min(std::max(offset, at * kBlockSize), size);
        at = end;
      }
    }
    if (chunks.size() < kBatch) break;
    from = chunks.back().first + 1;
  }
  if (whence == SEEK_DATA) return Fail(ENXIO);
  return std::min(std::max(offset, at * kBlockSize), size);
}

}  // namespace faultline::fs
