// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "store/extent_chunk.h"
#include "store/keys.h"
#include "support/random_seed.h"

// A chunk and its edits against the plainest thing that does the same: an array of 64 blocks.
namespace faultline::store {
namespace {

constexpr int kOperations = 1'000'000;
constexpr int kEncodeEvery = 16;

struct PlainBlock {
  bool mapped = false;
  BlockAddress address;
  uint32_t crc = 0;
  TxgId birth = 0;
  BlockPtr data;
};
using PlainChunk = std::array<PlainBlock, kChunkBlocks>;

BlockAddress Physical(BlockAddress address) {
  if (address.space == Space::kUnwritten) address.space = Space::kVolume;
  return address;
}

class ChunkModel {
 public:
  explicit ChunkModel(uint64_t seed) : random_(seed) {}

  // One edit of a few steps, then everything is compared.
  void Edit() {
    ChunkEdit edit(chunk_);
    seen_.clear();
    for (const PlainBlock& block : plain_) See(block);
    const int steps = static_cast<int>(Random(1, 3));
    for (int step = 0; step < steps; ++step) Step(edit);
    CompareFreed(edit.Freed());
    chunk_ = edit.Finish();
    Compare(chunk_.get());
  }

  int Operations() const { return operations_; }

  void EncodeAndDecode() const {
    if (!chunk_) return;
    const auto key = keys::Chunk(InodeId{5}, 3);
    auto decoded = ExtentChunk::Decode(key, chunk_->Encode(key));
    ASSERT_TRUE(decoded) << decoded.error().message();
    ASSERT_EQ(**decoded, *chunk_);
  }

 private:
  uint64_t Random(uint64_t min, uint64_t max) {
    return std::uniform_int_distribution<uint64_t>(min, max)(random_);
  }

  void See(const PlainBlock& block) {
    if (block.mapped) seen_.push_back(Physical(block.address));
  }

  void Step(ChunkEdit& edit) {
    ++operations_;
    const auto first = static_cast<uint32_t>(Random(0, kChunkBlocks - 1));
    const auto most = Random(0, 3) == 0 ? kChunkBlocks - first : std::min(8u, kChunkBlocks - first);
    const auto count = static_cast<uint32_t>(Random(0, most));
    switch (Random(0, 7)) {
      case 0:
      case 1: return Unmap(edit, first, count);
      case 2: return FillUnwritten(edit, first);
      case 3: return Move(edit, first, static_cast<uint32_t>(Random(0, kChunkBlocks - 1)));
      default: return Map(edit, first, count, NewAddress(count));
    }
  }

  BlockAddress NewAddress(uint32_t count) {
    // Continuing where the last one ended makes runs that merge.
    if (Random(0, 1) == 0) next_block_ += Random(1, 3);
    BlockAddress address{static_cast<Space>(Random(0, 2)), next_block_};
    next_block_ += count;
    return address;
  }

  void Unmap(ChunkEdit& edit, uint32_t first, uint32_t count) {
    edit.Unmap(first, count);
    std::fill_n(plain_.begin() + first, count, PlainBlock{});
  }

  void Map(ChunkEdit& edit, uint32_t first, uint32_t count, BlockAddress address) {
    const bool unwritten = address.space == Space::kUnwritten;
    const TxgId birth = Random(1, 2);
    std::vector<uint32_t> crcs;
    std::vector<BlockPtr> data;
    for (uint32_t i = 0; i < count; ++i) {
      PlainBlock& block = plain_[first + i];
      block = {true, address + i, 0, birth, nullptr};
      if (address.space == Space::kSmall) block.data = buffers_[Random(0, 2)];
      if (address.space == Space::kSmall) data.push_back(block.data);
      if (!unwritten) crcs.push_back(block.crc = static_cast<uint32_t>(random_()));
      See(block);
    }
    edit.Map(first, count, address, crcs, birth, data);
  }

  void FillUnwritten(ChunkEdit& edit, uint32_t block) {
    if (!plain_[block].mapped || plain_[block].address.space != Space::kUnwritten) return;
    Map(edit, block, 1, Physical(plain_[block].address));
  }

  void Move(ChunkEdit& edit, uint32_t from, uint32_t to) {
    if (!plain_[from].mapped) return;
    const BlockAddress address = plain_[from].address;
    Unmap(edit, from, 1);
    Map(edit, to, 1, address);
  }

  // Freed: was mapped before or in between, and is not any more; each block once.
  void CompareFreed(std::span<const Extent> extents) {
    std::vector<BlockAddress> freed, left;
    for (const Extent& extent : extents)
      for (uint64_t i = 0; i < extent.count; ++i) freed.push_back(extent.start + i);
    for (const PlainBlock& block : plain_)
      if (block.mapped) left.push_back(Physical(block.address));
    std::ranges::sort(seen_);
    std::ranges::sort(left);
    std::ranges::sort(freed);
    seen_.erase(std::unique(seen_.begin(), seen_.end()), seen_.end());
    std::vector<BlockAddress> expected;
    std::ranges::set_difference(seen_, left, std::back_inserter(expected));
    if (freed != expected) FAIL() << "freed blocks differ";
  }

  void Compare(const ExtentChunk* chunk) const {
    static const ExtentChunk kEmpty;
    const ExtentChunk& actual = chunk ? *chunk : kEmpty;
    uint32_t mapped = 0;
    for (uint32_t i = 0; i < kChunkBlocks; ++i) {
      mapped += plain_[i].mapped;
      if (!IsEqual(actual, i)) FAIL() << "block " << i << " differs";
    }
    ASSERT_EQ(actual.AllocatedBlocks(), mapped);
    ASSERT_EQ(chunk == nullptr, mapped == 0);
    CheckInvariant(actual.Runs());
  }

  bool IsEqual(const ExtentChunk& actual, uint32_t i) const {
    const PlainBlock& block = plain_[i];
    const Run* run = actual.Find(i);
    if ((run != nullptr) != block.mapped || actual.Crc(i) != block.crc) return false;
    if (actual.Data(i) != block.data) return false;
    return !run || (run->birth == block.birth && actual.AddressOf(i) == block.address);
  }

  static void CheckInvariant(std::span<const Run> runs) {
    for (size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].count == 0) FAIL() << "run " << i << " is empty";
      if (i == 0) continue;
      if (runs[i].first < runs[i - 1].End()) FAIL() << "run " << i << " overlaps";
      if (runs[i].Continues(runs[i - 1])) FAIL() << "run " << i << " is not merged";
    }
  }

  std::mt19937_64 random_;
  int operations_ = 0;
  uint64_t next_block_ = 1;
  PlainChunk plain_;
  ChunkPtr chunk_;
  std::vector<BlockAddress> seen_;  // everything that was mapped since the edit began
  std::array<BlockPtr, 3> buffers_{nullptr, std::make_shared<const BlockBuffer>(1),
                                   std::make_shared<const BlockBuffer>(1)};
};

TEST(ChunkEditProperty, BehavesAsAnArrayOfBlocks) {
  ChunkModel model(test::RandomSeed());
  for (int edit = 0; model.Operations() < kOperations; ++edit) {
    model.Edit();
    if (edit % kEncodeEvery == 0) model.EncodeAndDecode();
    if (HasFatalFailure()) FAIL() << "operation " << model.Operations();
  }
}

}  // namespace
}  // namespace faultline::store
