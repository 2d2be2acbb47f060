// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/context.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

bool IsPossibleName(std::string_view name) {
  return name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

// Reads all dirents: checks each, and counts what each is for its inode and its directory. When
// something had to be changed, a second walk counts again.
class NameCheck {
 public:
  explicit NameCheck(Context& context) : context_(context) {}

  Result<> CheckAll() {
    context_.EnterPass("names");
    const uint64_t changes = context_.edits.Changes();
    FL_TRY(context_.edits.Scan(Family::kDirents,
                               [this](auto key, auto value) { return Record(key, value); }));
    FL_TRY(ResolveMissingInodes(context_));
    if (context_.edits.Changes() == changes) return {};
    return CountAgain();
  }

 private:
  Result<> Record(std::string_view key, std::string_view value);
  Result<bool> CheckPlace(std::string_view key, const keys::DirentKey& place, const Dirent& dirent);
  Result<> MoveToItsHash(std::string_view key, const keys::DirentKey& place, const Dirent& dirent);
  bool CheckTarget(std::string_view key, const keys::DirentKey& place, const Dirent& dirent);
  Result<> CountAgain();
  void Count(InodeId parent, InodeId child);
  void Drop(std::string_view key, Problem problem);

  Context& context_;
};

Result<> NameCheck::Record(std::string_view key, std::string_view value) {
  context_.Tick();
  const auto place = keys::ParseDirent(key);
  if (!place || place->parent == kNoInode) {
    Drop(key, {.code = "dirent-key",
               .subject = "dirent key " + HexText(key),
               .message = "is no entry of any directory"});
    return {};
  }
  const Result<Dirent> dirent = DecodeDirent(key, value);
  if (!dirent) {
    Drop(key, {.code = "dirent-undecodable",
               .subject = EntryText(place->parent, place->name),
               .message = dirent.error().message()});
    return {};
  }
  FL_ASSIGN_OR_RETURN(const bool stays, CheckPlace(key, *place, *dirent));
  if (stays && CheckTarget(key, *place, *dirent)) Count(place->parent, dirent->ino);
  return {};
}

// False: it was removed or moved.
Result<bool> NameCheck::CheckPlace(std::string_view key, const keys::DirentKey& place,
                                   const Dirent& dirent) {
  const std::string entry = EntryText(place.parent, place.name);
  if (!IsPossibleName(place.name)) {
    Drop(key, {.code = "dirent-name", .subject = entry, .message = "is no possible name"});
    return false;
  }
  const InodeInfo* parent = context_.inodes.Find(place.parent);
  if (parent && !parent->IsDirectory()) {
    Drop(key, {.code = "dirent-parent",
               .subject = entry,
               .message = fmt::format("its directory has mode {:o}", parent->mode)});
    return false;
  }
  if (!parent) context_.missing[place.parent].has_entries = true;
  if (place.hash == keys::NameHash(place.name, context_.super.name_hash_seed)) return true;
  FL_TRY(MoveToItsHash(key, place, dirent));
  return false;
}

Result<> NameCheck::MoveToItsHash(std::string_view key, const keys::DirentKey& place,
                                  const Dirent& dirent) {
  const uint64_t hash = keys::NameHash(place.name, context_.super.name_hash_seed);
  const std::string right = keys::Dirent(place.parent, hash, place.name);
  FL_ASSIGN_OR_RETURN(const auto existing, context_.edits.Get(Family::kDirents, right));
  Problem problem{.code = "dirent-hash",
                  .subject = EntryText(place.parent, place.name),
                  .message = fmt::format("stands at {:#x} instead of {:#x}, no lookup finds it",
                                         place.hash, hash),
                  .repair = existing ? "removed, the name is there already" : "moved"};
  if (!context_.new_hashes) context_.Found(std::move(problem));
  context_.edits.Delete(Family::kDirents, key);
  if (existing) return {};
  context_.edits.PutDirent(right, dirent.ino, dirent.type);
  // The scan does not meet it where it is now.
  if (CheckTarget(right, *keys::ParseDirent(right), dirent)) Count(place.parent, dirent.ino);
  return {};
}

// False: it was removed, or there is no such inode.
bool NameCheck::CheckTarget(std::string_view key, const keys::DirentKey& place,
                            const Dirent& dirent) {
  const InodeInfo* child = context_.inodes.Find(dirent.ino);
  if (!child) {
    context_.missing[dirent.ino].names.push_back({std::string(key), dirent.type});
    return false;
  }
  const std::string entry = EntryText(place.parent, place.name);
  if (dirent.ino == kRootInode) {
    Drop(key, {.code = "dirent-root", .subject = entry, .message = "names the root directory"});
    return false;
  }
  if (dirent.type != child->Type()) {
    context_.Found({.code = "dirent-type",
                    .subject = entry,
                    .message = fmt::format("has type {}, but {} has type {}", dirent.type,
                                           InodeText(dirent.ino), child->Type()),
                    .repair = "set",
                    .harmless = true});
    context_.edits.PutDirent(key, dirent.ino, child->Type());
  }
  return true;
}

Result<> NameCheck::CountAgain() {
  for (InodeInfo& inode : context_.inodes) {
    inode.names = inode.entries = inode.subdirs = 0;
    inode.named_in = kNoInode;
  }
  return context_.edits.Scan(Family::kDirents, [&](std::string_view key, std::string_view value) {
    if (const auto dirent = DecodeDirent(key, value))
      Count(keys::ParseDirent(key)->parent, dirent->ino);
    return Result<>{};
  });
}

void NameCheck::Count(InodeId parent, InodeId child) {
  InodeInfo* directory = context_.inodes.Find(parent);
  InodeInfo* inode = context_.inodes.Find(child);
  if (!directory || !inode) return;
  ++directory->entries;
  ++inode->names;
  if (inode->IsDirectory()) ++directory->subdirs;
  if (inode->named_in == kNoInode) inode->named_in = parent;
}

void NameCheck::Drop(std::string_view key, Problem problem) {
  problem.repair = "removed";
  context_.Found(std::move(problem));
  context_.edits.Delete(Family::kDirents, key);
}

}  // namespace

Result<> CheckNames(Context& context) { return NameCheck(context).CheckAll(); }

}  // namespace faultline::store::fsck
