// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <vector>

#include "store/fsck/context.h"
#include "store/fsck/lost_and_found.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

// Every directory has one name and a way up to the root, every other inode has a name or is an
// orphan.
class TreeCheck {
 public:
  explicit TreeCheck(Context& context) : context_(context), lost_and_found_(context) {}

  Result<> CheckAll() {
    context_.EnterPass("tree");
    FL_TRY(DropSecondNames());
    context_.inodes.Find(kRootInode)->connected = true;
    // By number: what lost+found adds stands behind all others and is connected.
    const InodeId last = context_.inodes.Greatest();
    for (auto inode = context_.inodes.begin(); inode != context_.inodes.end(); ++inode)
      if (inode->ino <= last) inodes_.push_back(&*inode);
    for (InodeInfo* inode : inodes_) FL_TRY(CheckOrphan(*inode));
    for (InodeInfo* inode : inodes_) FL_TRY(Connect(*inode));
    for (InodeInfo* inode : inodes_) FL_TRY(CheckParent(*inode));
    FL_TRY(MoveMisownedData());
    for (const auto& [name, file] : context_.rescued) FL_TRY(lost_and_found_.AddFile(name, file));
    return {};
  }

 private:
  struct Name {
    std::string key;
    InodeId parent;
  };
  Result<std::vector<Name>> NamesOf(InodeId ino);
  void DropName(InodeInfo& inode, const Name& name);
  Result<> DropSecondNames();
  Result<> DropSecondNamesOf(InodeInfo& inode);
  Result<> CheckOrphan(InodeInfo& inode);
  Result<> Connect(InodeInfo& inode);
  Result<> ConnectDirectory(InodeInfo& inode);
  Result<> CutCycle(InodeInfo& inode);
  Result<> Reconnect(InodeInfo& inode, const char* why);
  Result<> CheckParent(InodeInfo& inode);
  Result<> MoveMisownedData();

  Context& context_;
  LostAndFound lost_and_found_;
  std::vector<InodeInfo*> inodes_;
};

Result<std::vector<TreeCheck::Name>> TreeCheck::NamesOf(InodeId ino) {
  std::vector<Name> names;
  const auto visit = [&](std::string_view key, std::string_view value) -> Result<> {
    FL_ASSIGN_OR_RETURN(const Dirent dirent, DecodeDirent(key, value));
    if (dirent.ino == ino) names.push_back({std::string(key), keys::ParseDirent(key)->parent});
    return {};
  };
  FL_TRY(context_.edits.Scan(Family::kDirents, visit));
  return names;
}

// Of a directory.
void TreeCheck::DropName(InodeInfo& inode, const Name& name) {
  context_.edits.Delete(Family::kDirents, name.key);
  --inode.names;
  InodeInfo* parent = context_.inodes.Find(name.parent);
  --parent->entries;
  --parent->subdirs;
}

Result<> TreeCheck::DropSecondNames() {
  for (InodeInfo& inode : context_.inodes)
    if (inode.IsDirectory() && inode.names > 1) FL_TRY(DropSecondNamesOf(inode));
  return {};
}

Result<> TreeCheck::DropSecondNamesOf(InodeInfo& inode) {
  FL_ASSIGN_OR_RETURN(const std::vector<Name> names, NamesOf(inode.ino));
  auto kept = std::ranges::find(names, inode.parent, &Name::parent);
  if (kept == names.end()) kept = names.begin();
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (name == kept) continue;
    const auto place = keys::ParseDirent(name->key);
    context_.Found({.code = "directory-names",
                    .subject = EntryText(place->parent, place->name),
                    .message = fmt::format("is a second name of directory {}", Raw(inode.ino)),
                    .repair = "removed"});
    DropName(inode, *name);
  }
  inode.named_in = kept->parent;
  return {};
}

Result<> TreeCheck::CheckOrphan(InodeInfo& inode) {
  if (!inode.orphan || (inode.names == 0 && inode.entries == 0)) return {};
  const bool named = inode.names > 0;
  context_.Found({.code = named ? "orphan-named" : "orphan-not-empty",
                  .subject = "orphan entry of " + InodeText(inode.ino),
                  .message = named ? "the inode has a name" : "the directory has entries",
                  .repair = "removed",
                  .harmless = named});
  context_.edits.Delete(Family::kDefault, keys::Orphan(inode.ino));
  inode.orphan = false;
  return {};
}

Result<> TreeCheck::Connect(InodeInfo& inode) {
  if (inode.IsDirectory()) return ConnectDirectory(inode);
  if (inode.names > 0 || inode.orphan) return {};
  return Reconnect(inode, "no directory names it");
}

// Goes up until it meets what is connected, the top of a lost tree, or its own trace: a cycle.
Result<> TreeCheck::ConnectDirectory(InodeInfo& inode) {
  InodeInfo* at = &inode;
  while (!at->connected) {
    at->connected = true;
    at->walk = inode.ino;
    if (at->names == 0) {
      if (!at->orphan) FL_TRY(Reconnect(*at, "no directory names it"));
      return {};
    }
    at = context_.inodes.Find(at->named_in);
    if (at->connected && at->walk == inode.ino) return CutCycle(*at);
  }
  return {};
}

Result<> TreeCheck::CutCycle(InodeInfo& inode) {
  FL_ASSIGN_OR_RETURN(const std::vector<Name> names, NamesOf(inode.ino));
  for (const Name& name : names) {
    const auto place = keys::ParseDirent(name.key);
    context_.Found(
        {.code = "directory-cycle",
         .subject = EntryText(place->parent, place->name),
         .message = fmt::format("leads back to directory {}, which contains it", Raw(inode.ino)),
         .repair = "removed"});
    DropName(inode, name);
  }
  return Reconnect(inode, "it is part of a cycle that is not connected to the root");
}

Result<> TreeCheck::Reconnect(InodeInfo& inode, const char* why) {
  context_.Found({.code = "inode-unreachable",
                  .subject = InodeText(inode.ino),
                  .message = why,
                  .repair = fmt::format("moved to lost+found/#{}", Raw(inode.ino))});
  return lost_and_found_.Attach(inode, fmt::format("#{}", Raw(inode.ino)));
}

Result<> TreeCheck::CheckParent(InodeInfo& inode) {
  const bool named = inode.IsDirectory() && inode.names > 0;
  // An orphan keeps the ".." it had.
  if (inode.orphan && inode.IsDirectory()) return {};
  const InodeId expected = inode.ino == kRootInode ? kRootInode : named ? inode.named_in : kNoInode;
  if (inode.parent == expected) return {};
  context_.Found({.code = inode.IsDirectory() ? "directory-parent" : "inode-parent",
                  .subject = InodeText(inode.ino),
                  .message = fmt::format("\"..\" is {}, not {}", Raw(inode.parent), Raw(expected)),
                  .repair = "set",
                  .harmless = true});
  inode.parent = expected;
  return context_.edits.ChangeInode(inode.ino,
                                    [&](InodeRecord& record) { record.parent = expected; });
}

// Reported when it was found.
Result<> TreeCheck::MoveMisownedData() {
  if (context_.misowned.empty()) return {};
  const auto visit = [&](std::string_view key, std::string_view value) -> Result<> {
    const auto place = keys::ParseChunk(key);
    if (!context_.misowned.contains(place->ino)) return {};
    FL_ASSIGN_OR_RETURN(const ChunkPtr chunk, ExtentChunk::Decode(key, value));
    RescuedFile& file = context_.rescued[fmt::format("#{}.data", Raw(place->ino))];
    file.chunks[place->index] = chunk;
    file.size = place->index * kChunkSize + chunk->Runs().back().End() * kBlockSize;
    context_.edits.Delete(Family::kExtents, key);
    return {};
  };
  FL_TRY(context_.edits.Scan(Family::kExtents, visit));
  for (const InodeId ino : context_.misowned) context_.inodes.Find(ino)->found_blocks = 0;
  return {};
}

}  // namespace

Result<> CheckTree(Context& context) { return TreeCheck(context).CheckAll(); }

}  // namespace faultline::store::fsck
