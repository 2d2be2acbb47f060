// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>

#include <cerrno>

#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

// Positions of the two entries that every directory has. Those of names are 256 and up
// (store/keys.h).
constexpr uint64_t kDotCookie = 1;
constexpr uint64_t kDotDotCookie = 2;

Attributes Snapshot(Inode& inode) {
  lock::SharedLock lock(inode.mapping);
  return inode.record;
}

}  // namespace

Result<Attributes> FilesystemImpl::Lookup(InodeId parent, std::string_view name) {
  // The kernel asks for these two only to find the inode of a file handle, whatever its type, and
  // the path to it.
  if (name == ".") return LookupHandle(parent);
  FL_ASSIGN_OR_RETURN(InodePtr dir, DirectoryFor(parent));
  if (name.size() > store::kMaxNameLength) return Fail(ENAMETOOLONG);
  if (name == "..") return LookupHandle(Snapshot(*dir).parent);
  // The name keeps the inode alive while the directory is locked, and the reference does from then
  // on.
  lock::SharedLock names(dir->directory);
  FL_ASSIGN_OR_RETURN(auto dirent, store_.GetDirent(parent, name));
  if (!dirent) return Fail(ENOENT);
  FL_ASSIGN_OR_RETURN(InodePtr inode, NamedInode(parent, *dirent));
  if (!inode) return Fail(ENOENT);
  inodes_.AddReference(inode);
  return Snapshot(*inode);
}

Result<Attributes> FilesystemImpl::LookupHandle(InodeId ino) {
  FL_ASSIGN_OR_RETURN(InodePtr inode, inodes_.Get(ino));
  const Attributes attributes = Snapshot(*inode);
  if (attributes.nlink == 0) return Fail(ESTALE);
  inodes_.AddReference(inode);
  return attributes;
}

void FilesystemImpl::Forget(InodeId ino, uint64_t count) {
  if (InodePtr inode = inodes_.Forget(ino, count)) CollectIfUnused(inode);
}

Result<std::vector<DirectoryEntry>> FilesystemImpl::ReadDirectory(InodeId ino, uint64_t cookie,
                                                                  size_t limit, bool plus) {
  FL_ASSIGN_OR_RETURN(InodePtr dir, DirectoryFor(ino));
  std::vector<DirectoryEntry> entries;
  const Attributes own = Snapshot(*dir);
  if (cookie < kDotCookie && entries.size() < limit)
    entries.push_back({".", ino, DT_DIR, kDotCookie, std::nullopt});
  if (cookie < kDotDotCookie && entries.size() < limit)
    entries.push_back({"..", own.parent, DT_DIR, kDotDotCookie, std::nullopt});
  if (entries.size() >= limit) return entries;

  lock::SharedLock names(dir->directory);
  FL_ASSIGN_OR_RETURN(auto dirents, store_.ListDirents(ino, cookie, limit - entries.size()));
  for (store::Dirent& dirent : dirents) {
    DirectoryEntry entry{std::move(dirent.name), dirent.ino, dirent.type, dirent.cookie,
                         std::nullopt};
    // An entry whose inode cannot be loaded goes without attributes: a lookup of it tells why, and
    // the references of the others are not lost with an error.
    Result<InodePtr> inode = plus ? inodes_.Get(dirent.ino) : Result<InodePtr>(InodePtr{});
    if (inode && *inode) {
      inodes_.AddReference(*inode);
      entry.attributes = Snapshot(**inode);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace faultline::fs
