// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/store_workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/crc32c.h"
#include "support/store_directory.h"

namespace faultline::test {

using store::BlockAddress;
using store::BlockBuffer;
using store::BlockPtr;
using store::ChunkEdit;
using store::ChunkPtr;
using store::Extent;
using store::kChunkBlocks;
using store::MemoryTables;
using store::Space;
using store::Store;
using store::Transaction;
using store::TxgId;

void StoreWorkload::Step() {
  Transaction transaction;
  const uint64_t changes = 1 + Random(4);
  bool data_changed = false;  // one chunk a transaction: edits start from what is applied
  for (uint64_t i = 0; i < changes; ++i) {
    const uint64_t kind = Random(10);
    if (kind < 2) ChangeInode(transaction);
    if (kind >= 2 && kind < 5) ChangeName(transaction);
    if (kind == 5) ChangeOrphan(transaction);
    if (kind < 6 || std::exchange(data_changed, true)) continue;
    if (kind < 8) WriteBlocks(transaction);
    if (kind == 8) WriteSmall(transaction);
    if (kind == 9) PunchBlocks(transaction);
  }
  transaction.HashNames(store_->Super().name_hash_seed);
  now_.Apply(transaction);
  groups_[store_->Apply(std::move(transaction))] = now_;
}

const MemoryTables& StoreWorkload::AtEndOf(TxgId group) const {
  static const MemoryTables kNothing;
  const auto behind = groups_.upper_bound(group);
  return behind == groups_.begin() ? kNothing : std::prev(behind)->second;
}

void StoreWorkload::ContinueOn(Store& store, TxgId last_group) {
  store_ = &store;
  now_ = AtEndOf(last_group);
  groups_.erase(groups_.upper_bound(last_group), groups_.end());
}

void StoreWorkload::ChangeInode(Transaction& transaction) {
  const uint64_t ino = 10 + Random(kInodes);
  if (Random(4) == 0) return transaction.DeleteInode(InodeId{ino});
  transaction.PutInode(FileInode(ino, random_() >> 1));
}

void StoreWorkload::ChangeName(Transaction& transaction) {
  const InodeId parent{100 + Random(kDirectories)};
  const std::string name = "name" + std::to_string(Random(kNames));
  if (Random(3) == 0) return transaction.DeleteDirent(parent, name);
  transaction.PutDirent(parent, name, InodeId{10 + Random(kInodes)}, 8);
}

void StoreWorkload::ChangeOrphan(Transaction& transaction) {
  const InodeId ino{10 + Random(kInodes)};
  if (Random(2) == 0) return transaction.RemoveOrphan(ino);
  transaction.AddOrphan(ino);
}

BlockBuffer StoreWorkload::RandomBlocks(size_t count) {
  BlockBuffer blocks(count);
  for (size_t i = 0; i < count; ++i) {
    // A trailing half of zeros now and then: small values are stored without them.
    const size_t bytes = Random(2) == 0 ? kBlockSize : kBlockSize / 2;
    for (size_t at = 0; at < bytes; at += sizeof(uint64_t)) {
      const uint64_t word = random_();
      std::memcpy(blocks.Block(i).data() + at, &word, sizeof(word));
    }
  }
  return blocks;
}

void StoreWorkload::WriteBlocks(Transaction& transaction) {
  const auto first = static_cast<uint32_t>(Random(kChunkBlocks));
  const auto count = static_cast<uint32_t>(1 + Random(kChunkBlocks - first));
  auto extents = store_->Allocate(count, store::AllocationClass::kNewData);
  if (!extents) {
    store_->WaitForSpace(count);
    return;
  }
  const InodeId ino{10 + Random(kInodes)};
  const uint64_t index = Random(kChunks);
  ChunkEdit edit(now_.Chunk(ino, index));
  uint32_t at = first;
  for (const Extent& extent : *extents) {
    const auto blocks = static_cast<uint32_t>(extent.count);
    const BlockBuffer data = RandomBlocks(blocks);
    ASSERT_TRUE(store_->WriteVolume(extent.start.block, data.Bytes()));
    std::vector<uint32_t> crcs;
    for (uint32_t i = 0; i < blocks; ++i) crcs.push_back(Crc32c(data.Block(i)));
    edit.Map(at, blocks, extent.start, crcs, store_->OpenTxg());
    at += blocks;
  }
  FinishEdit(edit, ino, index, transaction);
}

void StoreWorkload::WriteSmall(Transaction& transaction) {
  const auto first = static_cast<uint32_t>(Random(kChunkBlocks));
  const auto count = static_cast<uint32_t>(1 + Random(std::min(4U, kChunkBlocks - first)));
  auto address = store_->AllocateSmall(count, store::AllocationClass::kNewData);
  if (!address) return;
  const InodeId ino{10 + Random(kInodes)};
  const uint64_t index = Random(kChunks);
  std::vector<uint32_t> crcs;
  for (uint32_t i = 0; i < count; ++i) {
    const auto block = std::make_shared<const BlockBuffer>(RandomBlocks(1));
    crcs.push_back(Crc32c(block->Bytes()));
    transaction.PutSmall(*address + i, block);
  }
  ChunkEdit edit(now_.Chunk(ino, index));
  edit.Map(first, count, {Space::kSmall, *address}, crcs, store_->OpenTxg());
  FinishEdit(edit, ino, index, transaction);
}

void StoreWorkload::PunchBlocks(Transaction& transaction) {
  const InodeId ino{10 + Random(kInodes)};
  const uint64_t index = Random(kChunks);
  const auto first = static_cast<uint32_t>(Random(kChunkBlocks));
  ChunkEdit edit(now_.Chunk(ino, index));
  edit.Unmap(first, static_cast<uint32_t>(1 + Random(kChunkBlocks - first)));
  FinishEdit(edit, ino, index, transaction);
}

void StoreWorkload::FinishEdit(ChunkEdit& edit, InodeId ino, uint64_t index,
                               Transaction& transaction) {
  transaction.Free(edit.Freed());
  transaction.PutChunk(ino, index, edit.Finish());
}

namespace {

void ExpectContent(Store& store, const store::Run& run, const store::ExtentChunk& chunk) {
  for (uint32_t block = run.first; block < run.End(); ++block) {
    const BlockAddress address = run.AddressOf(block);
    BlockBuffer data(1);
    if (address.space == Space::kSmall) {
      auto small = store.ReadSmall(address.block);
      ASSERT_TRUE(small && *small) << "small block " << address.block;
      std::memcpy(data.Bytes().data(), (*small)->Bytes().data(), kBlockSize);
    } else {
      ASSERT_TRUE(store.ReadVolume(address.block, data.Bytes()));
    }
    ASSERT_EQ(Crc32c(data.Bytes()), chunk.Crc(block)) << "block " << address.block;
  }
}

}  // namespace

void StoreWorkload::ExpectEqual(Store& store, const MemoryTables& tables) {
  for (uint64_t ino = 10; ino < 10 + kInodes; ++ino) {
    const auto inode = store.GetInode(InodeId{ino});
    ASSERT_TRUE(inode) << inode.error().ToString();
    ASSERT_EQ(*inode, tables.Inode(InodeId{ino})) << "inode " << ino;
    auto chunks = store.ListChunks(InodeId{ino}, 0, 100);
    ASSERT_TRUE(chunks) << chunks.error().ToString();
    const auto expected = tables.Chunks(InodeId{ino}, 0, 100);
    ASSERT_EQ(chunks->size(), expected.size()) << "inode " << ino;
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ((*chunks)[i].first, expected[i].first);
      ASSERT_EQ(*(*chunks)[i].second, *expected[i].second) << "inode " << ino;
      for (const store::Run& run : (*chunks)[i].second->Runs())
        ASSERT_NO_FATAL_FAILURE(ExpectContent(store, run, *(*chunks)[i].second));
    }
  }
  for (uint64_t dir = 100; dir < 100 + kDirectories; ++dir)
    ASSERT_EQ(store.ListDirents(InodeId{dir}, 0, 1000), tables.Entries(InodeId{dir}, 0, 1000));
  ASSERT_EQ(store.ListOrphans(), tables.Orphans());
}

}  // namespace faultline::test
