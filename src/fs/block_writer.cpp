// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/block_writer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/test_point.h"

namespace faultline::fs {
namespace {

using store::AllocationClass;
using store::BlockAddress;
using store::BlockBuffer;
using store::Extent;
using store::kChunkBlocks;
using store::Run;
using store::Space;

// Shorter rows gather in RocksDB first: writing them to the volume would cost fsync a second device
// flush, and age the layout of the file block by block.
constexpr uint64_t kVolumeRow = 16;

bool PageAligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % kBlockSize == 0; }

const Run* RunAt(const FileView& view, uint64_t block) {
  const ChunkPtr chunk = view.Find(block / kChunkBlocks);
  return chunk ? chunk->Find(static_cast<uint32_t>(block % kChunkBlocks)) : nullptr;
}

// How far a row from `begin` has the same kind of ground under it.
struct Ground {
  uint64_t end;
  bool mapped;
  bool unwritten;
  BlockAddress address;  // of `begin`, when unwritten
};

Ground GroundAt(const FileView& view, uint64_t begin, uint64_t end) {
  const Run* run = RunAt(view, begin);
  Ground ground{begin + 1, run != nullptr, false, {}};
  if (run != nullptr && run->address.space == Space::kUnwritten) {
    const uint64_t in_chunk = begin % kChunkBlocks;
    ground.unwritten = true;
    ground.address = run->address + (in_chunk - run->first);
    ground.end = std::min(end, begin + (run->first + run->count - in_chunk));
    return ground;
  }
  for (; ground.end < end; ++ground.end) {
    const Run* next = RunAt(view, ground.end);
    if (next != nullptr && next->address.space == Space::kUnwritten) break;
    ground.mapped = ground.mapped && next != nullptr;
  }
  return ground;
}

}  // namespace

BlockWriter::~BlockWriter() {
  if (!allocated_.empty()) store_.Unallocate(allocated_);
}

void BlockWriter::Add(uint64_t block, std::span<const std::byte> bytes) {
  FL_DCHECK(bytes.size() % kBlockSize == 0 &&
            (segments_.empty() || segments_.back().end() <= block));
  // What is one piece of memory is one piece of I/O.
  if (!segments_.empty() && segments_.back().end() == block &&
      segments_.back().bytes.data() + segments_.back().bytes.size() == bytes.data())
    segments_.back().bytes = {segments_.back().bytes.data(),
                              segments_.back().bytes.size() + bytes.size()};
  else
    segments_.push_back({block, bytes});
}

void BlockWriter::AddOwned(uint64_t block, BlockBuffer buffer) {
  owned_.push_back(std::move(buffer));
  Add(block, std::as_const(owned_.back()).Bytes());
}

Result<> BlockWriter::Place(const FileView& view) {
  FL_TRY(ForRows([&](uint64_t begin, uint64_t end) { return PlaceRange(view, begin, end); }));
  FL_TEST_POINT("fs.write.placed");
  return {};
}

Result<> BlockWriter::PlaceForGood() {
  return ForRows([&](uint64_t begin, uint64_t end) {
    return PlaceInVolume(begin, end, AllocationClass::kInternal);
  });
}

template <typename Visit>
Result<> BlockWriter::ForRows(Visit visit) const {
  for (size_t i = 0; i < segments_.size();) {
    const uint64_t begin = segments_[i].block;
    uint64_t end = segments_[i].end();
    for (++i; i < segments_.size() && segments_[i].block == end; ++i) end = segments_[i].end();
    FL_TRY(visit(begin, end));
  }
  return {};
}

Result<> BlockWriter::PlaceRange(const FileView& view, uint64_t begin, uint64_t end) {
  while (begin < end) {
    const Ground ground = GroundAt(view, begin, end);
    const auto why = ground.mapped ? AllocationClass::kOverwrite : AllocationClass::kNewData;
    if (ground.unwritten)
      FL_TRY(WriteInPlace(begin, ground.end, ground.address));
    else if (ground.end - begin >= kVolumeRow)
      FL_TRY(PlaceInVolume(begin, ground.end, why));
    else
      FL_TRY(PlaceSmall(begin, ground.end, why));
    begin = ground.end;
  }
  return {};
}

Result<> BlockWriter::PlaceInVolume(uint64_t begin, uint64_t end, AllocationClass why) {
  FL_ASSIGN_OR_RETURN(std::vector<Extent> extents, store_.Allocate(end - begin, why));
  allocated_.insert(allocated_.end(), extents.begin(), extents.end());
  for (const Extent& extent : extents) {
    FL_TRY(WriteAt(begin, begin + extent.count, extent.start.block));
    update_.Map(begin, extent.start, Checksums(begin, begin + extent.count));
    begin += extent.count;
  }
  return {};
}

Result<> BlockWriter::WriteInPlace(uint64_t begin, uint64_t end, BlockAddress address) {
  FL_TRY(WriteAt(begin, end, address.block));
  address.space = Space::kVolume;
  update_.Map(begin, address, Checksums(begin, end));
  return {};
}

Result<> BlockWriter::PlaceSmall(uint64_t begin, uint64_t end, AllocationClass why) {
  FL_ASSIGN_OR_RETURN(const uint64_t address, store_.AllocateSmall(end - begin, why));
  const BlockAddress start{Space::kSmall, address};
  allocated_.push_back({start, end - begin});
  std::vector<store::BlockPtr> data;
  FL_TRY(ForSegments(begin, end, [&](uint64_t, std::span<const std::byte> bytes) -> Result<> {
    for (size_t at = 0; at < bytes.size(); at += kBlockSize) {
      auto copy = std::make_shared<BlockBuffer>(BlockBuffer::Uninitialized(1));
      std::memcpy(copy->Bytes().data(), bytes.data() + at, kBlockSize);
      transaction_.PutSmall(address + data.size(), copy);
      data.push_back(std::move(copy));
    }
    return {};
  }));
  update_.Map(begin, start, Checksums(begin, end), std::move(data));
  small_ranges_.push_back({begin * kBlockSize, end * kBlockSize});
  return {};
}

Result<> BlockWriter::WriteAt(uint64_t begin, uint64_t end, uint64_t volume_block) {
  return ForSegments(begin, end, [&](uint64_t block, std::span<const std::byte> bytes) -> Result<> {
    const uint64_t target = volume_block + (block - begin);
    if (PageAligned(bytes.data())) return store_.WriteVolume(target, bytes);
    BlockBuffer copy = BlockBuffer::Uninitialized(bytes.size() / kBlockSize);
    std::memcpy(copy.Bytes().data(), bytes.data(), bytes.size());
    return store_.WriteVolume(target, copy.Bytes());
  });
}

template <typename Visit>
Result<> BlockWriter::ForSegments(uint64_t begin, uint64_t end, Visit visit) const {
  for (const Segment& segment : segments_) {
    const uint64_t from = std::max(begin, segment.block);
    const uint64_t to = std::min(end, segment.end());
    if (from >= to) continue;
    FL_TRY(visit(from, segment.bytes.subspan((from - segment.block) * kBlockSize,
                                             (to - from) * kBlockSize)));
  }
  return {};
}

std::vector<uint32_t> BlockWriter::Checksums(uint64_t begin, uint64_t end) const {
  std::vector<uint32_t> crcs;
  crcs.reserve(end - begin);
  (void)ForSegments(begin, end, [&](uint64_t, std::span<const std::byte> bytes) -> Result<> {
    for (size_t at = 0; at < bytes.size(); at += kBlockSize)
      crcs.push_back(Crc32c(bytes.subspan(at, kBlockSize)));
    return {};
  });
  return crcs;
}

store::Transaction BlockWriter::TakeTransaction() { return std::move(transaction_); }

}  // namespace faultline::fs
