// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>
#include <cstring>
#include <map>

#include "base/mutant.h"
#include "base/test_point.h"
#include "fs/block_writer.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

using store::BlockBuffer;

// No write is here.
constexpr ByteRange kNowhere{kEndOfFile - kBlockSize, kEndOfFile};

// Which bytes of a write count: all but those that younger requests have written, that a killer has
// masked, or that lie beyond the end of a file whose size the daemon knows better than a late
// writeback.
//
// A direct write yields to nobody. A younger writeback that was applied before it comes from a page
// that the kernel read before the direct write was published: its stores were concurrent, and the
// bytes around them are those that the direct write is about to replace.
RangeSet BytesThatCount(Inode& inode, const Request& request, WriteKind kind, ByteRange range,
                        bool kernel_owns_size) {
  RangeSet bytes(range);
  lock::SharedLock lock(inode.mapping);
  if (kind == WriteKind::kWriteback) {
    inode.masks.Subtract(bytes);
    if (!kernel_owns_size) bytes.Subtract({inode.record.size, kEndOfFile});
  }
  const bool yields = kind != WriteKind::kDirect || Mutated(Mutant::kDirectYields);
  if (yields && !Mutated(Mutant::kNoWriteOrder))
    inode.writes.SubtractYounger(request.unique, bytes);
  return bytes;
}

// Assembles whole blocks out of the bytes that count, reading what surrounds them where a block is
// not covered.
class BlockAssembly {
 public:
  BlockAssembly(store::Store& store, Inode& inode, const FileView& view, ByteRange range,
                std::span<const std::byte> data, BlockWriter& writer)
      : store_(store), inode_(inode), view_(view), range_(range), data_(data), writer_(writer) {}

  Result<> Add(const RangeSet& bytes) {
    for (ByteRange piece : bytes.Ranges()) FL_TRY(AddPiece(piece));
    return Flush();
  }

 private:
  Result<> AddPiece(ByteRange piece) {
    while (!piece.Empty()) {
      const ByteRange block = ByteRange{piece.begin, piece.begin + 1}.RoundOut();
      const ByteRange whole = piece.RoundIn();
      if (whole.begin == piece.begin && !whole.Empty()) {
        FL_TRY(Flush());
        writer_.Add(whole.begin / kBlockSize, Data(whole));
        piece.begin = whole.end;
      } else {
        const ByteRange part = piece.Intersect(block);
        FL_TRY(Overlay(block, part));
        piece.begin = part.end;
      }
    }
    return {};
  }

  // Two pieces may fall into one block; it is passed on when another one begins.
  Result<> Overlay(ByteRange block, ByteRange part) {
    if (partial_ && partial_block_ != block.begin / kBlockSize) FL_TRY(Flush());
    if (!partial_) {
      partial_.emplace(BlockBuffer::Uninitialized(1));
      partial_block_ = block.begin / kBlockSize;
      if (part.begin == block.begin && part.end >= view_.size)
        std::memset(partial_->Bytes().data(), 0,
                    kBlockSize);  // nothing but the end of the file behind it
      else
        FL_TRY(ReadBlocks(store_, inode_, block, partial_->Bytes()));
    }
    std::memcpy(partial_->Bytes().data() + (part.begin - block.begin), Data(part).data(),
                part.Size());
    return {};
  }

  Result<> Flush() {
    if (!partial_) return {};
    writer_.AddOwned(partial_block_, *std::move(partial_));
    partial_.reset();
    return {};
  }

  std::span<const std::byte> Data(ByteRange part) const {
    return data_.subspan(part.begin - range_.begin, part.Size());
  }

  store::Store& store_;
  Inode& inode_;
  const FileView& view_;
  const ByteRange range_;
  const std::span<const std::byte> data_;
  BlockWriter& writer_;
  std::optional<BlockBuffer> partial_;
  uint64_t partial_block_ = 0;
};

}  // namespace

void FilesystemImpl::Write(const Request& request, InodeId ino, WriteKind kind, uint64_t offset,
                           std::span<const std::byte> data, bool kill_suid_sgid,
                           Completion<size_t> done) {
  const ByteRange range = ByteRange::OfSize(offset, data.size());
  if (range.Size() != data.size()) return done(Fail(EFBIG));
  if (range.Empty()) return done(size_t{0});
  Result<InodePtr> inode = RegularFile(ino);
  if (!inode) return done(tl::unexpected<Error>(inode.error()));
  if (Result<> room = store_.WaitForRoom(store::AllocationClass::kOverwrite); !room)
    return done(tl::unexpected<Error>(room.error()));

  Result<Killed> written = WithSpace(range.RoundOut().Size() / kBlockSize, [&] {
    return TryWrite(request, *inode, kind, range, data, kill_suid_sgid);
  });
  if (!written) return done(tl::unexpected<Error>(written.error()));
  FinishKill(*std::move(written), [done = std::move(done), size = data.size()] { done(size); });
}

Result<FilesystemImpl::Killed> FilesystemImpl::TryWrite(const Request& request,
                                                        const InodePtr& inode, WriteKind kind,
                                                        ByteRange range,
                                                        std::span<const std::byte> data,
                                                        bool kill_suid_sgid) {
  const ByteRange locked = range.RoundOut();
  std::optional<lock::SharedLock> inverted;
  if (Mutated(Mutant::kInvertedLocks)) inverted.emplace(inode->mapping);
  lock::RangeGuard guard(inode->ranges, Mutated(Mutant::kNoRangeLock) ? kNowhere : locked,
                         lock::RangeLock::Mode::kExclusive);
  inverted.reset();
  FL_ASSIGN_OR_RETURN(FileView view, TakeView(store_, *inode, locked, kind != WriteKind::kDirect));
  const RangeSet bytes = BytesThatCount(*inode, request, kind, range, options_.writeback_cache);
  if (bytes.Empty() && kind == WriteKind::kWriteback) return Killed{};

  if (Mutated(Mutant::kSizeFirst) && kind != WriteKind::kWriteback) {
    lock::ExclusiveLock lock(inode->mapping);
    inode->record.size = std::max(inode->record.size, range.end);
  }
  BlockWriter writer(store_);
  FL_TRY(BlockAssembly(store_, *inode, view, range, data, writer).Add(bytes));
  FL_TRY(writer.Place(view));

  const bool kernel_sets_times = options_.writeback_cache && kind == WriteKind::kWriteback;
  const auto change = [&](store::InodeRecord& record) {
    if (kind != WriteKind::kWriteback || options_.writeback_cache)
      record.size = Mutated(Mutant::kWriteSetsSize) ? range.end : std::max(record.size, range.end);
    if (!kernel_sets_times) record.mtime = record.ctime = Now();
    if (kill_suid_sgid) KillSuidSgid(record);
  };
  Killed killed{inode, 0, range};
  const auto under_lock = [&]() FL_REQUIRES(inode->mapping) {
    for (ByteRange piece : bytes.Ranges())
      inode->writes.Add(request.unique, piece, request.horizon);
    // The kernel filled its pages before it sent them: they are newer than any mask.
    if (kind == WriteKind::kBuffered) inode->masks.Regrant(inode->masks.Over(range), range);
    if (kind == WriteKind::kDirect && !Mutated(Mutant::kDirectKeepsPages))
      killed.mask =
          MaskForKillLocked(*inode, Mutated(Mutant::kDirectUnmasked) ? ByteRange{} : range);
  };
  FL_TRY(Publish(store_, *inode, writer.update(), std::move(view), locked, change,
                 writer.TakeTransaction(), under_lock));
  writer.Published();
  small_mover_.Note(*inode, writer.SmallRanges());
  FL_TEST_POINT("fs.write.published");
  return killed;
}

}  // namespace faultline::fs
