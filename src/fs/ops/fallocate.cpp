// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <linux/falloc.h>

#include <cerrno>
#include <cstring>

#include "base/mutant.h"
#include "base/test_point.h"
#include "fs/block_writer.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

// Blocks [begin, end) of the view that nothing is mapped to.
std::vector<std::pair<uint64_t, uint64_t>> Holes(const FileView& view, uint64_t begin,
                                                 uint64_t end) {
  std::vector<std::pair<uint64_t, uint64_t>> holes;
  uint64_t at = begin;
  for (const auto& [index, chunk] : view.chunks) {
    for (const store::Run& run : chunk->Runs()) {
      const uint64_t from = index * store::kChunkBlocks + run.first;
      const uint64_t to = from + run.count;
      if (to <= at) continue;
      if (from >= end) break;
      if (from > at) holes.emplace_back(at, from);
      at = to;
    }
  }
  if (at < end) holes.emplace_back(at, end);
  return holes;
}

// Reserved blocks that are given back unless they were published.
class Reservation {
 public:
  explicit Reservation(store::Store& store) : store_(store) {}
  ~Reservation() {
    if (!extents_.empty()) store_.Unallocate(extents_);
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  Result<> Reserve(uint64_t block, uint64_t count, ExtentUpdate& update) {
    FL_ASSIGN_OR_RETURN(auto extents, store_.Allocate(count, store::AllocationClass::kNewData));
    for (const store::Extent& extent : extents) {
      update.MapUnwritten(block, extent.count, extent.start);
      block += extent.count;
    }
    extents_.insert(extents_.end(), extents.begin(), extents.end());
    return {};
  }
  void Published() { extents_.clear(); }

 private:
  store::Store& store_;
  std::vector<store::Extent> extents_;
};

// The blocks that `range` covers only in part, ascending: at most two.
std::vector<uint64_t> PartialBlocks(ByteRange range) {
  const uint64_t first = range.begin / kBlockSize;
  const uint64_t last = (range.end - 1) / kBlockSize;
  std::vector<uint64_t> blocks;
  if (range.begin % kBlockSize != 0 || (first == last && range.end % kBlockSize != 0))
    blocks.push_back(first);
  if (first != last && range.end % kBlockSize != 0) blocks.push_back(last);
  return blocks;
}

// Rewrites `block` with zeros where `range` covers it.
Result<> ZeroPart(store::Store& store, Inode& inode, uint64_t block, ByteRange range,
                  BlockWriter& writer) {
  const ByteRange bytes{block * kBlockSize, (block + 1) * kBlockSize};
  const ByteRange part = range.Intersect(bytes);
  auto buffer = store::BlockBuffer::Uninitialized(1);
  FL_TRY(ReadBlocks(store, inode, bytes, buffer.Bytes()));
  std::memset(buffer.Bytes().data() + (part.begin - bytes.begin), 0, part.Size());
  writer.AddOwned(block, std::move(buffer));
  return {};
}

void Touch(store::InodeRecord& record, bool extend, uint64_t end) {
  record.mtime = record.ctime = Now();
  if (extend) record.size = std::max(record.size, end);
}

}  // namespace

void FilesystemImpl::Fallocate(const Request&, InodeId ino, int mode, ByteRange range,
                               Completion<> done) {
  if (range.Empty()) return done(Fail(EINVAL));
  Result<InodePtr> inode = RegularFile(ino);
  if (!inode) return done(tl::unexpected<Error>(inode.error()));
  if (Result<> room = store_.WaitForRoom(); !room) return done(tl::unexpected<Error>(room.error()));

  const bool extend = (mode & FALLOC_FL_KEEP_SIZE) == 0;
  const uint64_t blocks = range.RoundOut().Size() / kBlockSize;
  const auto kill = [&](uint64_t need, bool allocate) {
    Result<Killed> killed =
        WithSpace(need, [&] { return TryZero(*inode, range, allocate, extend); });
    if (!killed) return done(tl::unexpected<Error>(killed.error()));
    FinishKill(*std::move(killed), [done] { done({}); });
  };
  if (Mutated(Mutant::kInvalidateFirst) && mode != 0)
    return killer_.Finish(*inode, 0, range, [this, inode = *inode, range, mode, extend, done] {
      const bool allocate = (mode & FALLOC_FL_ZERO_RANGE) != 0;
      Result<Killed> killed = TryZero(inode, range, allocate, extend);
      if (killed) {
        lock::ExclusiveLock lock(inode->mapping);
        inode->masks.Remove(killed->mask);
      }
      done(killed ? Result<>() : Result<>(tl::unexpected<Error>(killed.error())));
    });
  switch (mode & ~FALLOC_FL_KEEP_SIZE) {
    case 0: return done(WithSpace(blocks, [&] { return TryPreallocate(*inode, range, extend); }));
    case FALLOC_FL_PUNCH_HOLE:
      // fallocate(2): "The FALLOC_FL_PUNCH_HOLE flag must be ORed with FALLOC_FL_KEEP_SIZE in
      // mode".
      if (extend) return done(Fail(EOPNOTSUPP));
      return kill(2, false);
    case FALLOC_FL_ZERO_RANGE: return kill(blocks, true);
    default: return done(Fail(EOPNOTSUPP));
  }
}

// Punch and zero: whole blocks lose their content (to a hole, or to reserved blocks), the edges are
// rewritten with zeros. fallocate(2), FALLOC_FL_ZERO_RANGE: "blocks are preallocated for the
// regions that span the holes in the file", those at the edges included.
Result<FilesystemImpl::Killed> FilesystemImpl::TryZero(const InodePtr& inode, ByteRange range,
                                                       bool allocate, bool extend) {
  const ByteRange locked = range.RoundOut();
  constexpr ByteRange kNowhere{kEndOfFile - kBlockSize, kEndOfFile};
  lock::RangeGuard guard(inode->ranges, Mutated(Mutant::kPunchUnlocked) ? kNowhere : locked,
                         lock::RangeLock::Mode::kExclusive);
  FL_ASSIGN_OR_RETURN(FileView view, TakeWideView(store_, *inode, locked));

  ExtentUpdate update;
  Reservation reservation(store_);
  const ByteRange inner = range.RoundIn();
  const uint64_t inner_blocks = inner.Size() / kBlockSize;
  update.Unmap(inner.begin / kBlockSize, inner_blocks);
  if (allocate && inner_blocks != 0)
    FL_TRY(reservation.Reserve(inner.begin / kBlockSize, inner_blocks, update));

  BlockWriter writer(store_);
  for (uint64_t block : PartialBlocks(range)) {
    if (Mutated(Mutant::kZeroKeepsEdges)) break;
    if (view.HasData(block))
      FL_TRY(ZeroPart(store_, *inode, block, range, writer));
    else if (allocate && view.IsHole(block))
      FL_TRY(reservation.Reserve(block, 1, update));
  }
  FL_TRY(writer.Place(view));
  update.Append(writer.update());
  FL_TEST_POINT("fs.punch.prepared");

  Killed killed{inode, 0, range};
  const auto change = [&](store::InodeRecord& record) { Touch(record, extend, range.end); };
  const auto under_lock = [&]() FL_REQUIRES(inode->mapping) {
    if (!Mutated(Mutant::kMaskLate)) killed.mask = MaskForKillLocked(*inode, range);
  };
  FL_TRY(Publish(store_, *inode, update, std::move(view), locked, change, writer.TakeTransaction(),
                 under_lock));
  writer.Published();
  reservation.Published();
  small_mover_.Note(*inode, writer.SmallRanges());
  FL_TEST_POINT("fs.punch.published");
  if (Mutated(Mutant::kMaskLate)) {
    lock::ExclusiveLock lock(inode->mapping);
    killed.mask = MaskForKillLocked(*inode, range);
  }
  return killed;
}

// Reserves what is a hole. No data changes, so no page has to go.
Result<> FilesystemImpl::TryPreallocate(const InodePtr& inode, ByteRange range, bool extend) {
  const ByteRange locked = range.RoundOut();
  lock::RangeGuard guard(inode->ranges, locked, lock::RangeLock::Mode::kExclusive);
  FL_ASSIGN_OR_RETURN(FileView view, TakeWideView(store_, *inode, locked));
  ExtentUpdate update;
  Reservation reservation(store_);
  for (const auto& [begin, end] : Holes(view, locked.begin / kBlockSize, locked.end / kBlockSize))
    FL_TRY(reservation.Reserve(begin, end - begin, update));
  const auto change = [&](store::InodeRecord& record) { Touch(record, extend, range.end); };
  FL_TRY(Publish(store_, *inode, update, std::move(view), locked, change, {}));
  reservation.Published();
  return {};
}

}  // namespace faultline::fs
