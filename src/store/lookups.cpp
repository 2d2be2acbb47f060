// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/lookups.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/test_point.h"
#include "store/keys.h"
#include "store/merge_walk.h"

namespace faultline::store {

namespace {

// More pending entries than asked for are copied at once, because some of them say "gone".
constexpr size_t kSpareEntries = 64;

std::string Bytes(std::string_view view) { return std::string(view); }

class DirentTable {
 public:
  using Place = DirentPlace;

  DirentTable(const PendingGroups& pending, const Database& database, InodeId parent,
              uint64_t after, size_t limit)
      : pending_(pending), database_(database), parent_(parent), after_(after), limit_(limit) {}

  std::vector<store::Dirent> Take() { return std::move(entries_); }

  static bool Less(const DirentPlaceView& a, const DirentPlaceView& b) { return a < b; }
  static void StepBehind(Place& place) { place.name.push_back('\0'); }

  PendingGroups::DirentPart Pending(const Place& from) const {
    return pending_.Dirents(from, limit_ + kSpareEntries);
  }
  Cursor Stored(const Place& from) const {
    FL_TEST_POINT("store.list.before_cursor");
    const InodeId next{Raw(parent_) + 1};
    Cursor cursor = database_.Iterate(Family::kDirents, Database::Access::kPoint,
                                      Bytes(keys::DirentSeek(next, 0)));
    cursor.Seek(Bytes(keys::DirentSeek(from.parent, from.hash)) + from.name);
    return cursor;
  }
  std::optional<Place> PlaceOf(std::string_view key) const {
    const auto parsed = keys::ParseDirent(key);
    if (!parsed) return std::nullopt;
    return Place{parsed->parent, parsed->hash, std::string(parsed->name)};
  }
  bool TakePending(const Place& place, const DirentTarget& target) {
    if (target.ino == kNoInode) return true;
    return Add({place.name, target.ino, target.type, place.hash});
  }
  Result<bool> TakeStored(const Place&, const Cursor& cursor) {
    FL_ASSIGN_OR_RETURN(store::Dirent entry, DecodeDirent(cursor.Key(), cursor.Value()));
    return Add(std::move(entry));
  }

 private:
  // Names of equal hash are numbered in their order.
  bool Add(store::Dirent entry) {
    const bool same_hash = cookie_ != 0 && keys::HashOfCookie(cookie_) == entry.cookie;
    cookie_ = same_hash ? cookie_ + 1 : entry.cookie;
    entry.cookie = cookie_;
    if (cookie_ > after_) entries_.push_back(std::move(entry));
    return entries_.size() < limit_;
  }

  const PendingGroups& pending_;
  const Database& database_;
  const InodeId parent_;
  const uint64_t after_;
  const size_t limit_;
  uint64_t cookie_ = 0;
  std::vector<store::Dirent> entries_;
};

class ChunkTable {
 public:
  using Place = ChunkPlace;

  ChunkTable(const PendingGroups& pending, const Database& database, InodeId ino, size_t limit)
      : pending_(pending), database_(database), ino_(ino), limit_(limit) {}

  std::vector<std::pair<uint64_t, ChunkPtr>> Take() { return std::move(chunks_); }

  static bool Less(const Place& a, const Place& b) { return a < b; }
  static void StepBehind(Place& place) { ++place.index; }

  PendingGroups::ChunkPart Pending(const Place& from) const {
    return pending_.Chunks(from, limit_ + kSpareEntries);
  }
  Cursor Stored(const Place& from) const {
    FL_TEST_POINT("store.list.before_cursor");
    const InodeId next{Raw(ino_) + 1};
    Cursor cursor =
        database_.Iterate(Family::kExtents, Database::Access::kPoint, Bytes(keys::Chunk(next, 0)));
    cursor.Seek(keys::Chunk(from.ino, from.index));
    return cursor;
  }
  std::optional<Place> PlaceOf(std::string_view key) const {
    const auto parsed = keys::ParseChunk(key);
    if (!parsed) return std::nullopt;
    return Place{parsed->ino, parsed->index};
  }
  bool TakePending(const Place& place, const ChunkPtr& chunk) {
    if (chunk) chunks_.emplace_back(place.index, chunk);
    return chunks_.size() < limit_;
  }
  Result<bool> TakeStored(const Place& place, const Cursor& cursor) {
    FL_ASSIGN_OR_RETURN(ChunkPtr chunk, ExtentChunk::Decode(cursor.Key(), cursor.Value()));
    return TakePending(place, chunk);
  }

 private:
  const PendingGroups& pending_;
  const Database& database_;
  const InodeId ino_;
  const size_t limit_;
  std::vector<std::pair<uint64_t, ChunkPtr>> chunks_;
};

}  // namespace

Result<std::optional<InodeRecord>> Lookups::Inode(InodeId ino) const {
  if (auto pending = pending_.Inode(ino)) return *pending;
  FL_TEST_POINT("store.lookup.before_database");
  const auto key = keys::Inode(ino);
  FL_ASSIGN_OR_RETURN(const auto record, database_.Get(Family::kInodes, key));
  if (!record) return std::nullopt;
  return DecodeInode(key, *record);
}

Result<std::vector<std::optional<InodeRecord>>> Lookups::Inodes(
    std::span<const InodeId> inos) const {
  std::vector<std::optional<InodeRecord>> found(inos.size());
  std::vector<size_t> missing;
  std::vector<std::string> missing_keys;
  for (size_t i = 0; i < inos.size(); ++i) {
    if (auto pending = pending_.Inode(inos[i])) {
      found[i] = *pending;
    } else {
      missing.push_back(i);
      missing_keys.push_back(Bytes(keys::Inode(inos[i])));
    }
  }
  if (missing.empty()) return found;
  FL_ASSIGN_OR_RETURN(const auto records, database_.MultiGet(Family::kInodes, missing_keys));
  for (size_t i = 0; i < missing.size(); ++i) {
    if (!records[i]) continue;
    FL_ASSIGN_OR_RETURN(found[missing[i]], DecodeInode(missing_keys[i], *records[i]));
  }
  return found;
}

Result<std::optional<Dirent>> Lookups::Entry(InodeId parent, std::string_view name) const {
  const uint64_t hash = keys::NameHash(name, seed_);
  if (auto pending = pending_.Dirent(parent, hash, name)) {
    if (pending->ino == kNoInode) return std::nullopt;
    return Dirent{std::string(name), pending->ino, pending->type, hash};
  }
  FL_TEST_POINT("store.lookup.before_database");
  const std::string key = keys::Dirent(parent, hash, name);
  FL_ASSIGN_OR_RETURN(const auto record, database_.Get(Family::kDirents, key));
  if (!record) return std::nullopt;
  return DecodeDirent(key, *record);
}

Result<std::vector<Dirent>> Lookups::Entries(InodeId parent, uint64_t after, size_t limit) const {
  if (limit == 0) return std::vector<Dirent>();
  DirentTable table(pending_, database_, parent, after, limit);
  FL_TRY(MergeWalk(table, DirentPlace{parent, keys::HashOfCookie(after), {}}));
  return table.Take();
}

Result<ChunkPtr> Lookups::Chunk(InodeId ino, uint64_t index) const {
  if (auto pending = pending_.Chunk(ino, index)) return *pending;
  FL_TEST_POINT("store.lookup.before_database");
  const auto key = keys::Chunk(ino, index);
  FL_ASSIGN_OR_RETURN(const auto record, database_.Get(Family::kExtents, key));
  if (!record) return nullptr;
  return ExtentChunk::Decode(key, *record);
}

Result<std::vector<std::pair<uint64_t, ChunkPtr>>> Lookups::Chunks(InodeId ino, uint64_t from,
                                                                   size_t limit) const {
  if (limit == 0) return std::vector<std::pair<uint64_t, ChunkPtr>>();
  ChunkTable table(pending_, database_, ino, limit);
  FL_TRY(MergeWalk(table, ChunkPlace{ino, from}));
  return table.Take();
}

Result<std::vector<InodeId>> Lookups::Orphans() const {
  const auto pending = pending_.Orphans();
  std::map<InodeId, bool> orphans;
  Cursor cursor = database_.Iterate(Family::kDefault);
  for (cursor.Seek(keys::kOrphanPrefix);
       cursor.Valid() && cursor.Key().starts_with(keys::kOrphanPrefix); cursor.Next()) {
    FL_ASSIGN_OR_RETURN(const InodeId ino, DecodeOrphan(cursor.Key(), cursor.Value()));
    orphans[ino] = true;
  }
  FL_TRY(cursor.Status());
  for (const auto& [ino, present] : pending) orphans[ino] = present;
  std::vector<InodeId> present;
  for (const auto& [ino, is_there] : orphans)
    if (is_there) present.push_back(ino);
  return present;
}

Result<BlockPtr> Lookups::Small(uint64_t address) const {
  if (auto pending = pending_.Small(address)) return *pending;
  FL_TEST_POINT("store.lookup.before_database");
  FL_ASSIGN_OR_RETURN(const auto value, database_.Get(Family::kSmall, keys::Small(address)));
  if (!value) return nullptr;
  BlockBuffer block = BlockBuffer::Uninitialized(1);
  FL_TRY(DecodeSmall(*value, block.Bytes().first<kBlockSize>()));
  return std::make_shared<const BlockBuffer>(std::move(block));
}

}  // namespace faultline::store
