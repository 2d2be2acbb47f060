// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/extent_chunk.h"

#include <algorithm>

#include "base/check.h"

namespace faultline::store {

namespace {

// The first run that ends behind `block`: the one that covers it, or the next one.
template <class Runs>
auto FirstEndingAfter(Runs& runs, uint32_t block) {
  return std::partition_point(runs.begin(), runs.end(),
                              [block](const Run& run) { return run.End() <= block; });
}

// Written or not, it is the same block for whoever recycles it.
Extent Physical(const Run& run) {
  BlockAddress start = run.address;
  if (start.space == Space::kUnwritten) start.space = Space::kVolume;
  return {start, run.count};
}

}  // namespace

const Run* ExtentChunk::Find(uint32_t block) const {
  auto run = FirstEndingAfter(runs_, block);
  return run != runs_.end() && run->first <= block ? &*run : nullptr;
}

std::optional<BlockAddress> ExtentChunk::AddressOf(uint32_t block) const {
  const Run* run = Find(block);
  if (!run) return std::nullopt;
  return run->AddressOf(block);
}

BlockPtr ExtentChunk::Data(uint32_t block) const {
  auto entry = std::ranges::lower_bound(data_, block, {}, &std::pair<uint32_t, BlockPtr>::first);
  return entry != data_.end() && entry->first == block ? entry->second : nullptr;
}

uint32_t ExtentChunk::AllocatedBlocks() const {
  uint32_t blocks = 0;
  for (const Run& run : runs_) blocks += run.count;
  return blocks;
}

ChunkEdit::ChunkEdit(ChunkPtr base)
    : next_(base ? std::make_shared<ExtentChunk>(*base) : std::make_shared<ExtentChunk>()) {}

void ChunkEdit::Map(uint32_t first, uint32_t count, BlockAddress address,
                    std::span<const uint32_t> crcs, TxgId birth, std::span<const BlockPtr> data) {
  if (count == 0) return;
  const bool unwritten = address.space == Space::kUnwritten;
  FL_CHECK(crcs.size() == (unwritten ? 0 : count), "{} checksums for {} blocks", crcs.size(),
           count);
  FL_CHECK(data.empty() || data.size() == count, "{} buffers for {} blocks", data.size(), count);
  Unmap(first, count);
  const Run run{first, count, address, birth};
  TakeBack(Physical(run));
  Insert(run);
  std::ranges::copy(crcs, next_->crc_.begin() + first);
  StoreData(first, data);
}

void ChunkEdit::Unmap(uint32_t first, uint32_t count) {
  if (count == 0) return;
  const uint32_t end = first + count;
  FL_CHECK(first < kChunkBlocks && count <= kChunkBlocks - first, "blocks [{}, {})", first, end);
  SplitAt(first);
  SplitAt(end);
  auto& runs = next_->runs_;
  auto begin = FirstEndingAfter(runs, first);
  auto stop = begin;
  for (; stop != runs.end() && stop->End() <= end; ++stop) Release(*stop);
  runs.erase(begin, stop);
  std::fill_n(next_->crc_.begin() + first, count, 0);
  DropData(first, end);
}

ChunkPtr ChunkEdit::Finish() {
  if (next_->runs_.empty()) next_.reset();
  return std::move(next_);
}

// Afterwards no run has `block` in its inside.
void ChunkEdit::SplitAt(uint32_t block) {
  auto& runs = next_->runs_;
  auto run = FirstEndingAfter(runs, block);
  if (run == runs.end() || run->first >= block) return;
  Run right{block, run->End() - block, run->AddressOf(block), run->birth};
  run->count = block - run->first;
  runs.insert(run + 1, right);
}

void ChunkEdit::Release(const Run& run) {
  Extent extent = Physical(run);
  if (!freed_.empty() && freed_.back().start + freed_.back().count == extent.start) {
    freed_.back().count += extent.count;
  } else {
    freed_.push_back(extent);
  }
}

// Cuts `extent` out of what was freed so far.
void ChunkEdit::TakeBack(Extent extent) {
  const uint64_t begin = extent.start.block, end = begin + extent.count;
  for (size_t i = 0; i < freed_.size();) {
    const Extent freed = freed_[i];
    const uint64_t freed_end = freed.start.block + freed.count;
    if (freed.start.space != extent.start.space || freed_end <= begin || end <= freed.start.block) {
      ++i;
      continue;
    }
    freed_.erase(freed_.begin() + static_cast<ptrdiff_t>(i));
    if (end < freed_end)
      freed_.insert(freed_.begin() + static_cast<ptrdiff_t>(i++),
                    {{freed.start.space, end}, freed_end - end});
    if (freed.start.block < begin)
      freed_.insert(freed_.begin() + static_cast<ptrdiff_t>(i++),
                    {freed.start, begin - freed.start.block});
  }
}

// `run` lies in a hole.
void ChunkEdit::Insert(const Run& run) {
  auto& runs = next_->runs_;
  auto at = runs.insert(FirstEndingAfter(runs, run.first), run);
  if (auto right = at + 1; right != runs.end() && right->Continues(*at)) {
    at->count += right->count;
    runs.erase(right);
  }
  if (at != runs.begin() && at->Continues(*(at - 1))) {
    (at - 1)->count += at->count;
    runs.erase(at);
  }
}

void ChunkEdit::StoreData(uint32_t first, std::span<const BlockPtr> data) {
  auto& all = next_->data_;
  auto at = std::ranges::lower_bound(all, first, {}, &std::pair<uint32_t, BlockPtr>::first);
  for (uint32_t i = 0; i < data.size(); ++i) {
    if (data[i]) at = all.insert(at, {first + i, data[i]}) + 1;
  }
}

void ChunkEdit::DropData(uint32_t first, uint32_t end) {
  auto& all = next_->data_;
  auto begin = std::ranges::lower_bound(all, first, {}, &std::pair<uint32_t, BlockPtr>::first);
  auto stop = std::ranges::lower_bound(all, end, {}, &std::pair<uint32_t, BlockPtr>::first);
  all.erase(begin, stop);
}

}  // namespace faultline::store
