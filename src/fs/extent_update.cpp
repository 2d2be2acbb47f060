// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/extent_update.h"

#include <algorithm>
#include <cerrno>
#include <set>

#include "base/check.h"
#include "base/mutant.h"
#include "base/test_point.h"

namespace faultline::fs {
namespace {

using store::BlockAddress;
using store::kChunkBlocks;
using store::kChunkSize;
using store::Space;

ByteRange BytesOfChunk(uint64_t index) { return {index * kChunkSize, (index + 1) * kChunkSize}; }

// Nobody but the holder of the range lock can have changed a chunk that lies wholly inside it.
bool IsCurrent(Inode& inode, const ExtentUpdate::Built::Chunk& chunk, ByteRange locked)
    FL_REQUIRES(inode.mapping) {
  if (locked.Contains(BytesOfChunk(chunk.index)) || Mutated(Mutant::kPublishBlindly)) return true;
  std::optional<ChunkPtr> known = inode.extents.Find(chunk.index);
  return known && *known == chunk.base;
}

}  // namespace

void ExtentUpdate::Map(uint64_t block, BlockAddress address, std::vector<uint32_t> crcs,
                       std::vector<store::BlockPtr> data) {
  const uint64_t count = crcs.size();
  steps_.push_back({block, count, true, address, std::move(crcs), std::move(data)});
}

void ExtentUpdate::MapUnwritten(uint64_t block, uint64_t count, BlockAddress address) {
  address.space = Space::kUnwritten;
  steps_.push_back({block, count, true, address, {}, {}});
}

void ExtentUpdate::Unmap(uint64_t block, uint64_t count) {
  if (count != 0) steps_.push_back({block, count, false, {}, {}, {}});
}

void ExtentUpdate::Append(const ExtentUpdate& more) {
  steps_.insert(steps_.end(), more.steps_.begin(), more.steps_.end());
}

void ExtentUpdate::ApplyToChunk(store::ChunkEdit& edit, uint64_t index, store::TxgId birth) const {
  const uint64_t chunk_begin = index * kChunkBlocks;
  for (const Step& step : steps_) {
    const uint64_t begin = std::max(step.block, chunk_begin);
    const uint64_t end = std::min(step.block + step.count, chunk_begin + kChunkBlocks);
    if (begin >= end) continue;
    const auto first = static_cast<uint32_t>(begin - chunk_begin);
    const auto count = static_cast<uint32_t>(end - begin);
    const uint64_t skip = begin - step.block;
    if (!step.map) {
      edit.Unmap(first, count);
    } else {
      std::span<const uint32_t> crcs;
      if (!step.crcs.empty()) crcs = std::span(step.crcs).subspan(skip, count);
      std::span<const store::BlockPtr> data;
      if (!step.data.empty()) data = std::span(step.data).subspan(skip, count);
      edit.Map(first, count, step.address + skip, crcs, birth, data);
    }
  }
}

// Mapping makes chunks; unmapping only concerns those that exist.
std::vector<uint64_t> ExtentUpdate::ChunksTouched(const FileView& view) const {
  std::set<uint64_t> touched;
  for (const Step& step : steps_) {
    const uint64_t first = step.block / kChunkBlocks;
    const uint64_t last = (step.block + step.count - 1) / kChunkBlocks;
    if (step.map) {
      for (uint64_t index = first; index <= last; ++index) touched.insert(index);
    } else {
      for (const auto& [index, chunk] : view.chunks)
        if (first <= index && index <= last) touched.insert(index);
    }
  }
  return {touched.begin(), touched.end()};
}

ExtentUpdate::Built ExtentUpdate::Build(const FileView& view, store::TxgId birth) const {
  Built built;
  for (uint64_t index : ChunksTouched(view)) {
    ChunkPtr base = view.Find(index);
    const int64_t before = base ? base->AllocatedBlocks() : 0;
    store::ChunkEdit edit(base);
    ApplyToChunk(edit, index, birth);
    built.freed.insert(built.freed.end(), edit.Freed().begin(), edit.Freed().end());
    ChunkPtr next = edit.Finish();
    built.blocks += (next ? static_cast<int64_t>(next->AllocatedBlocks()) : 0) - before;
    built.chunks.push_back({index, std::move(base), std::move(next)});
  }
  return built;
}

bool TryPublish(store::Store& store, Inode& inode, const ExtentUpdate::Built& built,
                ByteRange locked, const RecordChange& change, store::Transaction& transaction) {
  for (const auto& chunk : built.chunks)
    if (!IsCurrent(inode, chunk, locked)) return false;

  for (const auto& chunk : built.chunks) {
    inode.extents.Publish(chunk.index, chunk.next);
    transaction.PutChunk(inode.id, chunk.index, chunk.next);
  }
  transaction.Free(built.freed);
  inode.record.blocks += static_cast<uint64_t>(built.blocks);
  if (change) change(inode.record);
  transaction.PutInode(inode.record);
  inode.dirty_txg = store.Apply(std::move(transaction));
  // The store has it all now.
  if (inode.extents.ShouldDrop()) inode.extents.Drop();
  return true;
}

Result<> Publish(store::Store& store, Inode& inode, const ExtentUpdate& update, FileView view,
                 ByteRange locked, const RecordChange& change, store::Transaction transaction,
                 const std::function<void()>& under_lock) {
  for (;;) {
    const ExtentUpdate::Built built = update.Build(view, store.OpenTxg());
    FL_TEST_POINT("fs.publish.built");
    {
      lock::ExclusiveLock lock(inode.mapping);
      if (inode.deleted) return Fail(ENOENT);
      if (TryPublish(store, inode, built, locked, change, transaction)) {
        if (under_lock) under_lock();
        return {};
      }
    }
    FL_ASSIGN_OR_RETURN(view, TakeWideView(store, inode, locked));
  }
}

}  // namespace faultline::fs
