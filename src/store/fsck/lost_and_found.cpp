// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/lost_and_found.h"

#include <algorithm>

#include "store/fsck/new_inode.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

constexpr const char* kName = "lost+found";

}  // namespace

Result<> LostAndFound::Attach(InodeInfo& inode, const std::string& name) {
  FL_ASSIGN_OR_RETURN(InodeInfo * directory, Directory());
  return Link(*directory, inode, name);
}

Result<> LostAndFound::AddFile(const std::string& name, const RescuedFile& file) {
  InodeRecord record;
  record.mode = S_IFREG | 0600;
  record.size = file.size;
  InodeInfo& inode = NewInodeInfo(record);
  for (const auto& [index, chunk] : file.chunks) {
    const auto key = keys::Chunk(inode.ino, index);
    context_.edits.Put(Family::kExtents, key, chunk->Encode(key));
    inode.found_blocks += chunk->AllocatedBlocks();
  }
  return Attach(inode, name);
}

Result<InodeInfo*> LostAndFound::Directory() {
  if (!directory_) {
    FL_ASSIGN_OR_RETURN(directory_, Existing());
  }
  if (!directory_) {
    FL_ASSIGN_OR_RETURN(directory_, Make());
  }
  return directory_;
}

Result<InodeInfo*> LostAndFound::Existing() {
  const uint64_t hash = keys::NameHash(kName, context_.super.name_hash_seed);
  const std::string key = keys::Dirent(kRootInode, hash, kName);
  FL_ASSIGN_OR_RETURN(const auto record, context_.edits.Get(Family::kDirents, key));
  if (!record) return nullptr;
  FL_ASSIGN_OR_RETURN(const Dirent dirent, DecodeDirent(key, *record));
  InodeInfo* inode = context_.inodes.Find(dirent.ino);
  // A directory's only name, by now; so it hangs from the root.
  return inode && inode->IsDirectory() ? inode : nullptr;
}

Result<InodeInfo*> LostAndFound::Make() {
  InodeRecord record;
  record.mode = S_IFDIR | 0700;
  record.parent = kRootInode;
  InodeInfo& inode = NewInodeInfo(record);
  inode.connected = true;
  FL_TRY(Link(*context_.inodes.Find(kRootInode), inode, kName));
  return &inode;
}

InodeInfo& LostAndFound::NewInodeInfo(InodeRecord record) {
  const uint64_t number = std::max(Raw(context_.inodes.Greatest()) + 1, context_.state.next_inode);
  InodeRecord inode = NewInode(InodeId{number}, record.mode);
  inode.size = record.size;
  inode.parent = record.parent;
  context_.edits.PutInode(inode);
  InodeInfo& info = context_.inodes.Add(InodeInfo(inode));
  info.made = true;
  return info;
}

Result<std::string> LostAndFound::FreeKey(InodeId directory, const std::string& name) {
  for (std::string tried = name;; tried += '~') {
    const uint64_t hash = keys::NameHash(tried, context_.super.name_hash_seed);
    const std::string key = keys::Dirent(directory, hash, tried);
    FL_ASSIGN_OR_RETURN(const auto existing, context_.edits.Get(Family::kDirents, key));
    if (!existing) return key;
  }
}

Result<> LostAndFound::Link(InodeInfo& directory, InodeInfo& inode, const std::string& name) {
  FL_ASSIGN_OR_RETURN(const std::string key, FreeKey(directory.ino, name));
  context_.edits.PutDirent(key, inode.ino, inode.Type());
  directory.made = inode.made = true;
  ++directory.entries;
  ++inode.names;
  inode.named_in = directory.ino;
  if (!inode.IsDirectory()) return {};
  ++directory.subdirs;
  inode.parent = directory.ino;
  return context_.edits.ChangeInode(inode.ino,
                                    [&](InodeRecord& record) { record.parent = directory.ino; });
}

}  // namespace faultline::store::fsck
