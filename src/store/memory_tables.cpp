// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/memory_tables.h"

#include "store/keys.h"

namespace faultline::store {

void MemoryTables::Apply(const Transaction& transaction) {
  for (const auto& [ino, inode] : transaction.inodes_) {
    if (inode) {
      inodes_[ino] = *inode;
    } else {
      inodes_.erase(ino);
    }
  }
  for (const auto& change : transaction.dirents_) {
    Place place{change.parent, change.hash, change.name};
    if (change.ino != kNoInode) {
      dirents_[std::move(place)] = {change.ino, change.type};
    } else {
      dirents_.erase(place);
    }
  }
  for (const auto& change : transaction.chunks_) {
    if (change.chunk) {
      chunks_[{change.ino, change.index}] = change.chunk;
    } else {
      chunks_.erase({change.ino, change.index});
    }
  }
  for (const auto& [address, data] : transaction.small_) small_[address] = data;
  for (const Extent& extent : transaction.freed_) {
    if (extent.start.space != Space::kSmall) continue;
    for (uint64_t i = 0; i < extent.count; ++i) small_.erase(extent.start.block + i);
  }
  for (const auto& [ino, added] : transaction.orphans_) {
    if (added) {
      orphans_.insert(ino);
    } else {
      orphans_.erase(ino);
    }
  }
}

std::optional<InodeRecord> MemoryTables::Inode(InodeId ino) const {
  auto found = inodes_.find(ino);
  if (found == inodes_.end()) return std::nullopt;
  return found->second;
}

std::optional<Dirent> MemoryTables::Entry(InodeId parent, uint64_t hash,
                                          std::string_view name) const {
  auto found = dirents_.find(Place{parent, hash, std::string(name)});
  if (found == dirents_.end()) return std::nullopt;
  return Dirent{std::string(name), found->second.ino, found->second.type, hash};
}

std::vector<Dirent> MemoryTables::Entries(InodeId parent, uint64_t after, size_t limit) const {
  std::vector<Dirent> entries;
  uint64_t cookie = 0;
  for (auto at = dirents_.lower_bound(Place{parent, keys::HashOfCookie(after), {}});
       at != dirents_.end() && at->first.parent == parent && entries.size() < limit; ++at) {
    cookie = keys::HashOfCookie(cookie) == at->first.hash ? cookie + 1 : at->first.hash;
    if (cookie > after)
      entries.push_back({at->first.name, at->second.ino, at->second.type, cookie});
  }
  return entries;
}

ChunkPtr MemoryTables::Chunk(InodeId ino, uint64_t index) const {
  auto found = chunks_.find({ino, index});
  return found == chunks_.end() ? nullptr : found->second;
}

std::vector<std::pair<uint64_t, ChunkPtr>> MemoryTables::Chunks(InodeId ino, uint64_t from,
                                                                size_t limit) const {
  std::vector<std::pair<uint64_t, ChunkPtr>> chunks;
  for (auto at = chunks_.lower_bound({ino, from});
       at != chunks_.end() && at->first.first == ino && chunks.size() < limit; ++at)
    chunks.emplace_back(at->first.second, at->second);
  return chunks;
}

BlockPtr MemoryTables::Small(uint64_t address) const {
  auto found = small_.find(address);
  return found == small_.end() ? nullptr : found->second;
}

void MemoryTables::ReplaceSmall(uint64_t address, BlockPtr data) {
  small_[address] = std::move(data);
}

std::vector<Extent> MemoryTables::VolumeExtents() const {
  std::vector<Extent> extents;
  for (const auto& [place, chunk] : chunks_) {
    for (const Run& run : chunk->Runs()) {
      if (run.address.space != Space::kSmall)
        extents.push_back({{Space::kVolume, run.address.block}, run.count});
    }
  }
  return extents;
}

}  // namespace faultline::store
