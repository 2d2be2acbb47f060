// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>
#include <cstring>

#include "base/mutant.h"
#include "base/test_point.h"
#include "fs/block_writer.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

// A call may copy less than it was asked to; the caller goes on.
constexpr uint64_t kLargestCopy = 8ull << 20;

bool Aligned(uint64_t offset) { return offset % kBlockSize == 0; }

}  // namespace

// The destination is killed like a punched range: without the mask, the writeback of an edge page
// that arrives between the copy and the reply would put the old bytes back. Ranges that are not
// made of blocks would share pages with bytes that are not copied, and the kernel drops those pages
// after the reply whatever is stored there; it has to copy these itself.
void FilesystemImpl::CopyFileRange(const Request&, InodeId in, uint64_t in_offset, InodeId out,
                                   uint64_t out_offset, uint64_t size, Completion<size_t> done) {
  const auto fail = [&](const Error& error) { done(tl::unexpected<Error>(error)); };
  Result<InodePtr> source = RegularFile(in);
  if (!source) return fail(source.error());
  Result<InodePtr> target = RegularFile(out);
  if (!target) return fail(target.error());
  uint64_t source_size = 0;
  uint64_t target_size = 0;
  {
    lock::SharedLock lock((*source)->mapping);
    source_size = (*source)->record.size;
  }
  {
    lock::SharedLock lock((*target)->mapping);
    target_size = (*target)->record.size;
  }
  if (in_offset >= source_size) return done(size_t{0});
  const ByteRange asked =
      ByteRange::OfSize(out_offset, std::min({size, source_size - in_offset, kLargestCopy}));
  const bool ends_target = asked.end >= target_size;
  if (!Aligned(in_offset) || !Aligned(out_offset) || (!Aligned(asked.Size()) && !ends_target))
    return done(Fail(EOPNOTSUPP));
  if (asked.Empty()) return done(size_t{0});
  if (Result<> room = store_.WaitForRoom(store::AllocationClass::kNewData); !room)
    return fail(room.error());

  Result<Killed> copied = WithSpace(asked.RoundOut().Size() / kBlockSize,
                                    [&] { return TryCopy(*source, in_offset, *target, asked); });
  if (!copied) return fail(copied.error());
  FinishKill(*std::move(copied), [done = std::move(done), size = asked.Size()] { done(size); });
}

Result<FilesystemImpl::Killed> FilesystemImpl::TryCopy(const InodePtr& in, uint64_t in_offset,
                                                       const InodePtr& out, ByteRange range) {
  const ByteRange locked = range.RoundOut();
  const ByteRange source{in_offset, in_offset + locked.Size()};
  auto buffer = store::BlockBuffer::Uninitialized(locked.Size() / kBlockSize);
  {
    lock::GracePeriod::ReadSection section(store_.Readers());
    FL_ASSIGN_OR_RETURN(const FileView read, ReadBlocks(store_, *in, source, buffer.Bytes()));
    // Cut off since its size was looked at: what is gone is not zeros that were copied.
    if (read.size < in_offset + range.Size()) return Fail(EOPNOTSUPP);
  }
  // What follows the range in its last block lies beyond both ends of file.
  std::memset(buffer.Bytes().data() + range.Size(), 0, locked.Size() - range.Size());

  lock::RangeGuard guard(out->ranges, locked, lock::RangeLock::Mode::kExclusive);
  FL_ASSIGN_OR_RETURN(FileView view, TakeView(store_, *out, locked));
  if (range.Size() % kBlockSize != 0 && range.end < view.size) return Fail(EOPNOTSUPP);
  BlockWriter writer(store_);
  writer.AddOwned(locked.begin / kBlockSize, std::move(buffer));
  FL_TRY(writer.Place(view));

  Killed killed{out, 0, range};
  const auto change = [&](store::InodeRecord& record) {
    record.size = std::max(record.size, range.end);
    record.mtime = record.ctime = Now();
  };
  const auto under_lock = [&]() FL_REQUIRES(out->mapping) {
    if (Mutated(Mutant::kCopyKeepsPages)) return;
    killed.mask = MaskForKillLocked(*out, Mutated(Mutant::kCopyUnmasked) ? ByteRange{} : range);
  };
  FL_TRY(Publish(store_, *out, writer.update(), std::move(view), locked, change,
                 writer.TakeTransaction(), under_lock));
  writer.Published();
  small_mover_.Note(*out, writer.SmallRanges());
  FL_TEST_POINT("fs.copy.published");
  return killed;
}

}  // namespace faultline::fs
