// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/group_encoder.h"

#include "store/keys.h"

namespace faultline::store {

namespace {

void AddInodes(const TransactionGroup& group, WriteBatch& batch) {
  for (const auto& [ino, inode] : group.ChangedInodes()) {
    const auto key = keys::Inode(ino);
    if (inode) {
      batch.Put(Family::kInodes, key, EncodeInode(key, *inode));
    } else {
      batch.Delete(Family::kInodes, key);
    }
  }
}

void AddDirents(const TransactionGroup& group, WriteBatch& batch) {
  for (const auto& [place, target] : group.ChangedDirents()) {
    const std::string key = keys::Dirent(place.parent, place.hash, place.name);
    if (target.ino != kNoInode) {
      batch.Put(Family::kDirents, key, EncodeDirent(key, target.ino, target.type));
    } else {
      batch.Delete(Family::kDirents, key);
    }
  }
}

void AddChunks(const TransactionGroup& group, WriteBatch& batch) {
  for (const auto& [place, chunk] : group.ChangedChunks()) {
    const auto key = keys::Chunk(place.ino, place.index);
    if (chunk) {
      batch.Put(Family::kExtents, key, chunk->Encode(key));
    } else {
      batch.Delete(Family::kExtents, key);
    }
  }
}

void AddSmall(const TransactionGroup& group, WriteBatch& batch) {
  for (const auto& [address, data] : group.NewSmall())
    batch.Put(Family::kSmall, keys::Small(address), EncodeSmall(data->Bytes().first<kBlockSize>()));
  for (const Extent& extent : group.FreedSmall()) {
    for (uint64_t i = 0; i < extent.count; ++i)
      batch.Delete(Family::kSmall, keys::Small(extent.start.block + i));
  }
}

void AddOrphans(const TransactionGroup& group, WriteBatch& batch) {
  for (const auto& [ino, added] : group.ChangedOrphans()) {
    const auto key = keys::Orphan(ino);
    if (added) {
      batch.Put(Family::kDefault, key, EncodeOrphan(key));
    } else {
      batch.Delete(Family::kDefault, key);
    }
  }
}

}  // namespace

WriteBatch EncodeGroup(const Database& database, const TransactionGroup& group,
                       const StoreState& state) {
  WriteBatch batch(database);
  AddInodes(group, batch);
  AddDirents(group, batch);
  AddChunks(group, batch);
  AddSmall(group, batch);
  AddOrphans(group, batch);
  batch.Put(Family::kDefault, keys::kState, EncodeState(state));
  return batch;
}

}  // namespace faultline::store
