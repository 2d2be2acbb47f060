// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/pending_groups.h"

#include <algorithm>

#include "base/check.h"

namespace faultline::store {

namespace {

// The entry of the younger group that has one.
template <class Table, class Key>
auto FindIn(const Table& open, const Table* committing, const Key& key)
    -> std::optional<typename Table::mapped_type> {
  if (auto found = open.find(key); found != open.end()) return found->second;
  if (committing == nullptr) return std::nullopt;
  if (auto found = committing->find(key); found != committing->end()) return found->second;
  return std::nullopt;
}

// Copies the entries from `from` to the end of what `within` accepts, younger ones over older ones.
template <class Part, class Table, class From, class Within>
Part CopyPart(const Table& open, const Table* committing, const From& from, Within within,
              size_t limit) {
  static const Table kNone;
  if (committing == nullptr) committing = &kNone;
  const auto& order = open.key_comp();
  auto young = open.lower_bound(from);
  auto old = committing->lower_bound(from);
  Part part;
  while (true) {
    const bool have_young = young != open.end() && within(young->first);
    const bool have_old = old != committing->end() && within(old->first);
    if (!have_young && !have_old) return part;
    if (part.entries.size() == limit) {
      part.complete = false;
      return part;
    }
    if (have_young && (!have_old || !order(old->first, young->first))) {
      if (have_old && !order(young->first, old->first)) ++old;
      part.entries.emplace_back(*young++);
    } else {
      part.entries.emplace_back(*old++);
    }
  }
}

}  // namespace

PendingGroups::PendingGroups(TxgId first_open)
    : open_(std::make_unique<TransactionGroup>(first_open)), open_id_(first_open) {}

PendingGroups::Applied PendingGroups::Apply(Transaction&& transaction) {
  lock::MutexLock lock(mu_);
  const bool was_empty = open_->Empty();
  const uint64_t before = open_->Bytes();
  open_->Apply(std::move(transaction));
  // Modular: a group may shrink, when a small block is forgotten.
  bytes_.fetch_add(open_->Bytes() - before, std::memory_order_relaxed);
  return {open_->Id(), was_empty && !open_->Empty(), open_->Bytes()};
}

std::optional<std::optional<InodeRecord>> PendingGroups::Inode(InodeId ino) const {
  lock::MutexLock lock(mu_);
  return FindIn(open_->ChangedInodes(), committing_ ? &committing_->ChangedInodes() : nullptr, ino);
}

std::optional<DirentTarget> PendingGroups::Dirent(InodeId parent, uint64_t hash,
                                                  std::string_view name) const {
  lock::MutexLock lock(mu_);
  return FindIn(open_->ChangedDirents(), committing_ ? &committing_->ChangedDirents() : nullptr,
                DirentPlaceView(parent, hash, name));
}

std::optional<ChunkPtr> PendingGroups::Chunk(InodeId ino, uint64_t index) const {
  lock::MutexLock lock(mu_);
  return FindIn(open_->ChangedChunks(), committing_ ? &committing_->ChangedChunks() : nullptr,
                ChunkPlace{ino, index});
}

std::optional<BlockPtr> PendingGroups::Small(uint64_t address) const {
  lock::MutexLock lock(mu_);
  return FindIn(open_->NewSmall(), committing_ ? &committing_->NewSmall() : nullptr, address);
}

PendingGroups::DirentPart PendingGroups::Dirents(const DirentPlaceView& from, size_t limit) const {
  lock::MutexLock lock(mu_);
  return CopyPart<DirentPart>(
      open_->ChangedDirents(), committing_ ? &committing_->ChangedDirents() : nullptr, from,
      [&](const DirentPlace& place) { return place.parent == from.parent; }, limit);
}

PendingGroups::ChunkPart PendingGroups::Chunks(const ChunkPlace& from, size_t limit) const {
  lock::MutexLock lock(mu_);
  return CopyPart<ChunkPart>(
      open_->ChangedChunks(), committing_ ? &committing_->ChangedChunks() : nullptr, from,
      [&](const ChunkPlace& place) { return place.ino == from.ino; }, limit);
}

std::vector<std::pair<InodeId, bool>> PendingGroups::Orphans() const {
  lock::MutexLock lock(mu_);
  return CopyPart<Part<InodeId, bool>>(
             open_->ChangedOrphans(), committing_ ? &committing_->ChangedOrphans() : nullptr,
             kNoInode, [](InodeId) { return true; }, SIZE_MAX)
      .entries;
}

const TransactionGroup* PendingGroups::Close() {
  lock::MutexLock lock(mu_);
  FL_CHECK(!committing_);
  if (open_->Empty()) return nullptr;
  const TxgId next = open_->Id() + 1;
  committing_ = std::move(open_);
  open_ = std::make_unique<TransactionGroup>(next);
  open_id_.store(next, std::memory_order_release);
  return committing_.get();
}

std::unique_ptr<TransactionGroup> PendingGroups::Retire() {
  lock::MutexLock lock(mu_);
  bytes_.fetch_sub(committing_->Bytes(), std::memory_order_relaxed);
  return std::move(committing_);
}

TxgId PendingGroups::LastChanged(TxgId txg) const {
  lock::MutexLock lock(mu_);
  return txg >= open_->Id() && open_->Empty() ? open_->Id() - 1 : std::min(txg, open_->Id());
}

uint64_t PendingGroups::FreedVolumeBlocks() const {
  lock::MutexLock lock(mu_);
  return open_->FreedVolumeBlocks() + (committing_ ? committing_->FreedVolumeBlocks() : 0);
}

}  // namespace faultline::store
