// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/small_mover.h"

#include <algorithm>

#include "base/log.h"
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
constexpr size_t kSettledPerRun = 256;               // entries moved a commit, at most

void AddRow(std::vector<std::pair<uint64_t, uint64_t>>& rows, uint64_t begin, uint64_t end) {
  if (!rows.empty() && rows.back().second == begin && end - rows.back().first <= kLargestMove)
    rows.back().second = end;
  else
    rows.emplace_back(begin, end);
}

}  // namespace

void SmallMover::Note(const InodePtr& inode, ByteRange range) {
  const auto [first, last] = ChunksOf(range);
  lock::MutexLock lock(mu_);
  for (uint64_t chunk = first; chunk <= last; ++chunk) {
    const bool again = !fresh_.empty() && fresh_.back().chunk == chunk &&
                       !fresh_.back().inode.owner_before(inode) &&
                       !inode.owner_before(fresh_.back().inode);
    if (!again) fresh_.push_back({inode, chunk});
  }
}

void SmallMover::Run() {
  std::vector<Entry> fresh;
  {
    lock::MutexLock lock(mu_);
    fresh.swap(fresh_);
  }
  MoveRowsOf(fresh, kLongRow);
  settled_.insert(settled_.end(), fresh.begin(), fresh.end());
  if (store_.Space().small_bytes <= kHighWater) return;
  const size_t count = std::min(settled_.size(), kSettledPerRun);
  std::vector<Entry> oldest(settled_.begin(), settled_.begin() + static_cast<ptrdiff_t>(count));
  settled_.erase(settled_.begin(), settled_.begin() + static_cast<ptrdiff_t>(count));
  MoveRowsOf(oldest, 1);
}

void SmallMover::MoveRowsOf(const std::vector<Entry>& entries, uint64_t shortest) {
  for (size_t i = 0; i < entries.size();) {
    InodePtr inode = entries[i].inode.lock();
    const uint64_t first = entries[i].chunk;
    uint64_t last = first;
    // Neighbouring chunks of one file make longer rows.
    for (++i;
         i < entries.size() && entries[i].chunk == last + 1 && entries[i].inode.lock() == inode;
         ++i)
      ++last;
    if (inode) MoveRows(*inode, first, last, shortest);
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
  lock::RangeGuard guard(inode.ranges, bytes, lock::RangeLock::Mode::kExclusive);
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
