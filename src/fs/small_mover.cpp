// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/small_mover.h"

#include <algorithm>

#include "base/log.h"
#include "base/mutant.h"
#include "base/test_point.h"
#include "fs/block_writer.h"

namespace faultline::fs {
namespace {

using store::kChunkBlocks;
using store::Run;
using store::Space;

constexpr uint64_t kLongRow = 16;                    // blocks; shorter rows wait in RocksDB
constexpr uint64_t kHighWater = 32ull << 20;         // bytes of small data in RocksDB
constexpr uint64_t kLargestMove = 4 * kChunkBlocks;  // blocks: 1 MiB of buffer
constexpr size_t kSettledPerRun = 256;               // chunks a commit, while there is too much
constexpr size_t kMostSettled = 64 * 1024;           // chunks remembered, 1 MiB

void AddRow(std::vector<std::pair<uint64_t, uint64_t>>& rows, uint64_t begin, uint64_t end) {
  if (!rows.empty() && rows.back().second == begin && end - rows.back().first <= kLargestMove)
    rows.back().second = end;
  else
    rows.emplace_back(begin, end);
}

}  // namespace

void SmallMover::Note(const Inode& inode, std::span<const ByteRange> ranges) {
  if (ranges.empty()) return;
  lock::MutexLock lock(mu_);
  for (ByteRange range : ranges) {
    const auto [first, last] = ChunksOf(range);
    for (uint64_t chunk = first; chunk <= last; ++chunk) {
      const Entry entry{inode.id, chunk};
      if (fresh_.empty() || fresh_.back() != entry) fresh_.push_back(entry);
    }
  }
}

void SmallMover::Run() {
  const std::vector<Entry> fresh = TakeFresh();
  MoveRowsOf(fresh, kLongRow);
  MoveRowsOf(Settle(fresh), 1);
}

// Sorted: neighbours make longer rows, in whatever order they were written.
std::vector<SmallMover::Entry> SmallMover::TakeFresh() {
  std::vector<Entry> fresh;
  {
    lock::MutexLock lock(mu_);
    fresh.swap(fresh_);
  }
  std::sort(fresh.begin(), fresh.end());
  fresh.erase(std::unique(fresh.begin(), fresh.end()), fresh.end());
  return fresh;
}

std::vector<SmallMover::Entry> SmallMover::Settle(const std::vector<Entry>& fresh) {
  const bool much = store_.Space().small_bytes > kHighWater;
  lock::MutexLock lock(mu_);
  settled_.insert(settled_.end(), fresh.begin(), fresh.end());
  const size_t beyond = settled_.size() - std::min(settled_.size(), kMostSettled);
  const size_t count = std::max(beyond, much ? std::min(settled_.size(), kSettledPerRun) : 0);
  const auto end = settled_.begin() + static_cast<ptrdiff_t>(count);
  std::vector<Entry> oldest(settled_.begin(), end);
  settled_.erase(settled_.begin(), end);
  std::sort(oldest.begin(), oldest.end());
  return oldest;
}

void SmallMover::MoveRowsOf(const std::vector<Entry>& entries, uint64_t shortest) {
  for (size_t i = 0; i < entries.size();) {
    const auto [ino, first] = entries[i];
    uint64_t last = first;
    // Neighbouring chunks of one file make longer rows.
    for (++i; i < entries.size() && entries[i] == Entry{ino, last + 1}; ++i) ++last;
    if (Result<InodePtr> inode = inodes_.Get(ino)) MoveRows(**inode, first, last, shortest);
  }
}

void SmallMover::MoveRows(Inode& inode, uint64_t first_chunk, uint64_t last_chunk,
                          uint64_t shortest) {
  const ByteRange range{first_chunk * store::kChunkSize, (last_chunk + 1) * store::kChunkSize};
  Result<FileView> view = TakeView(store_, inode, range);
  if (!view || view->size <= kBlockSize) return;
  std::vector<std::pair<uint64_t, uint64_t>> rows;
  for (const auto& [index, chunk] : view->chunks)
    for (const struct Run& run : chunk->Runs())
      if (run.address.space == Space::kSmall) {
        const uint64_t begin = index * kChunkBlocks + run.first;
        AddRow(rows, begin, begin + run.count);
      }
  for (const auto& [begin, end] : rows) {
    if (end - begin < shortest) continue;
    if (Result<> moved = Move(inode, {begin, end}); !moved) {
      // Full, or failing: the blocks are safe where they are.
      LogDebug("inode {}: small data stays in the database: {}", Raw(inode.id),
               moved.error().ToString());
      return;
    }
  }
}

Result<> SmallMover::Move(Inode& inode, Row row) {
  const ByteRange bytes{row.begin * kBlockSize, row.end * kBlockSize};
  constexpr ByteRange kNowhere{kEndOfFile - kBlockSize, kEndOfFile};
  lock::RangeGuard guard(inode.ranges, Mutated(Mutant::kMoverUnlocked) ? kNowhere : bytes,
                         lock::RangeLock::Mode::kExclusive);
  store::BlockBuffer buffer = store::BlockBuffer::Uninitialized(row.end - row.begin);
  FL_ASSIGN_OR_RETURN(FileView view, ReadBlocks(store_, inode, bytes, buffer.Bytes()));
  BlockWriter writer(store_);
  for (uint64_t block = row.begin; block < row.end; ++block) {
    const ChunkPtr chunk = view.Find(block / kChunkBlocks);
    const struct Run* run =
        chunk ? chunk->Find(static_cast<uint32_t>(block % kChunkBlocks)) : nullptr;
    if (run != nullptr && run->address.space == Space::kSmall)
      writer.Add(block, std::as_const(buffer).Block(block - row.begin));
  }
  FL_TRY(writer.PlaceForGood());
  FL_TEST_POINT("fs.mover.placed");
  FL_TRY(Publish(store_, inode, writer.update(), std::move(view), bytes, {},
                 writer.TakeTransaction()));
  writer.Published();
  return {};
}

}  // namespace faultline::fs
