// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/edits.h"

#include <vector>

#include "store/keys.h"

namespace faultline::store::fsck {

void Edits::Put(Family family, std::string_view key, std::string value) {
  Of(family).insert_or_assign(std::string(key), std::move(value));
  ++changes_;
}

void Edits::Delete(Family family, std::string_view key) {
  Of(family).insert_or_assign(std::string(key), std::nullopt);
  ++changes_;
}

Result<std::optional<std::string>> Edits::Get(Family family, std::string_view key) {
  if (auto edit = Of(family).find(key); edit != Of(family).end()) return edit->second;
  return store_.Get(family, key);
}

Result<> Edits::Scan(Family family, const FsckStore::Visitor& visit) {
  // A copy: the visitor may change the table.
  const Table edits = Of(family);
  auto edit = edits.begin();
  const auto visit_edits_below = [&](const std::string_view* key) -> Result<> {
    for (; edit != edits.end() && (!key || edit->first < *key); ++edit)
      if (edit->second) FL_TRY(visit(edit->first, *edit->second));
    return {};
  };
  const auto visit_stored = [&](std::string_view key, std::string_view value) -> Result<> {
    FL_TRY(visit_edits_below(&key));
    if (edit == edits.end() || edit->first != key) return visit(key, value);
    const auto& changed = (edit++)->second;
    return changed ? visit(key, *changed) : Result<>{};
  };
  FL_TRY(store_.Scan(family, visit_stored));
  return visit_edits_below(nullptr);
}

Result<> Edits::ChangeInode(InodeId ino, const std::function<void(InodeRecord&)>& change) {
  const auto key = keys::Inode(ino);
  FL_ASSIGN_OR_RETURN(auto record, Get(Family::kInodes, key));
  if (!record) return Fail(EUCLEAN, "inode {} vanished", Raw(ino));
  FL_ASSIGN_OR_RETURN(InodeRecord inode, DecodeInode(key, *record));
  change(inode);
  PutInode(inode);
  return {};
}

void Edits::PutInode(const InodeRecord& inode) {
  const auto key = keys::Inode(inode.ino);
  Put(Family::kInodes, key, EncodeInode(key, inode));
}

void Edits::PutDirent(std::string_view key, InodeId ino, uint8_t type) {
  Put(Family::kDirents, key, EncodeDirent(key, ino, type));
}

void Edits::PutHeader(const VolumeHeader& header) {
  header_ = header;
  ++changes_;
}

Result<> Edits::Write() {
  std::vector<RecordChange> changes;
  for (size_t i = 0; i < kFamilies; ++i) {
    for (auto& [key, value] : tables_[i])
      changes.push_back({static_cast<Family>(i), key, std::move(value)});
    tables_[i].clear();
  }
  FL_TRY(store_.Write(changes));
  return header_ ? store_.WriteHeader(*header_) : Result<>{};
}

}  // namespace faultline::store::fsck
