// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/transaction_group.h"

namespace faultline::store {

namespace {

// What an entry costs beside its payload: a node of the table and its share of the heap.
constexpr uint64_t kEntryBytes = 96;

uint64_t BytesOf(const ChunkPtr& chunk) {
  return chunk ? sizeof(ExtentChunk) + chunk->Runs().size() * sizeof(Run) : 0;
}

}  // namespace

void TransactionGroup::Apply(Transaction&& transaction) {
  if (transaction.Empty()) return;
  changed_ = true;
  for (auto& [ino, inode] : transaction.inodes_) {
    const auto [entry, added] = inodes_.insert_or_assign(ino, inode);
    if (added) bytes_ += kEntryBytes + sizeof(InodeRecord);
  }
  for (auto& change : transaction.dirents_) {
    const uint64_t bytes = kEntryBytes + sizeof(DirentPlace) + change.name.size();
    const auto [entry, added] =
        dirents_.insert_or_assign(DirentPlace{change.parent, change.hash, std::move(change.name)},
                                  DirentTarget{change.ino, change.type});
    if (added) bytes_ += bytes;
  }
  for (auto& change : transaction.chunks_) {
    ChunkPtr& slot = chunks_.try_emplace({change.ino, change.index}).first->second;
    bytes_ += kEntryBytes + BytesOf(change.chunk);
    slot = std::move(change.chunk);
  }
  for (auto& [address, data] : transaction.small_) {
    if (small_.insert_or_assign(address, std::move(data)).second)
      bytes_ += kEntryBytes + kBlockSize;
  }
  for (const Extent& extent : transaction.freed_) FreeExtent(extent);
  for (const auto& [ino, added] : transaction.orphans_) orphans_.insert_or_assign(ino, added);
}

void TransactionGroup::FreeExtent(const Extent& extent) {
  if (extent.start.space == Space::kSmall) return FreeSmallBlocks(extent);
  freed_volume_.push_back({{Space::kVolume, extent.start.block}, extent.count});
  freed_volume_blocks_ += extent.count;
  bytes_ += sizeof(Extent);
}

// A block that was made in this group is forgotten, and never reaches the log. The others are
// deleted by the batch of this group.
void TransactionGroup::FreeSmallBlocks(const Extent& extent) {
  for (uint64_t i = 0; i < extent.count; ++i) {
    const uint64_t address = extent.start.block + i;
    if (small_.erase(address) != 0) {
      bytes_ -= kEntryBytes + kBlockSize;
    } else if (!freed_small_.empty() &&
               freed_small_.back().start.block + freed_small_.back().count == address) {
      ++freed_small_.back().count;
    } else {
      freed_small_.push_back({{Space::kSmall, address}, 1});
      bytes_ += sizeof(Extent);
    }
  }
}

}  // namespace faultline::store
