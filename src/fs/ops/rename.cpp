// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/test_point.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

// What a rename is about, once everything is locked.
struct Parties {
  InodePtr from;
  InodePtr to;
  InodePtr moved;
  InodePtr replaced;  // null: the new name is free
};

bool IsDir(const InodePtr& inode) {
  if (!inode) return false;
  lock::SharedLock lock(inode->mapping);
  return inode->IsDirectory();
}

// Takes the link that `dir` loses when a directory leaves it, or gives it the one it gains.
void Relink(Inode& dir, bool is_directory, int change, const Timestamp& now)
    FL_REQUIRES(dir.mapping) {
  if (is_directory) dir.record.nlink += static_cast<uint32_t>(change);
  dir.record.mtime = dir.record.ctime = now;
}

}  // namespace

// The kernel holds s_vfs_rename_mutex over renames of directories and refuses to move one below
// itself.
Result<> FilesystemImpl::Rename(InodeId parent, std::string_view name, InodeId new_parent,
                                std::string_view new_name, uint32_t flags) {
  if (flags != 0 && flags != RENAME_NOREPLACE && flags != RENAME_EXCHANGE) return Fail(EINVAL);
  FL_TRY(CheckName(name));
  FL_TRY(CheckName(new_name));
  FL_TRY(store_.WaitForRoom());
  FL_ASSIGN_OR_RETURN(InodePtr from, DirectoryFor(parent));
  FL_ASSIGN_OR_RETURN(InodePtr to, DirectoryFor(new_parent));
  for (;;) {
    FL_ASSIGN_OR_RETURN(const bool done, TryRename(from, name, to, new_name, flags));
    if (done) return {};
  }
}

// Looks the names up, locks all directories concerned in the order of their numbers, and looks
// again: false when something has changed in between.
Result<bool> FilesystemImpl::TryRename(const InodePtr& from, std::string_view name,
                                       const InodePtr& to, std::string_view new_name,
                                       uint32_t flags) {
  FL_ASSIGN_OR_RETURN(const auto seen, store_.GetDirent(from->id, name));
  FL_ASSIGN_OR_RETURN(const auto seen_target, store_.GetDirent(to->id, new_name));
  if (!seen) return Fail(ENOENT);
  Parties who{from, to, nullptr, nullptr};
  FL_ASSIGN_OR_RETURN(who.moved, NamedInode(from->id, *seen));
  if (!who.moved) return false;
  if (seen_target) {
    FL_ASSIGN_OR_RETURN(who.replaced, NamedInode(to->id, *seen_target));
    if (!who.replaced) return false;
  }
  const bool moves_dir = IsDir(who.moved);
  const bool replaces_dir = IsDir(who.replaced);

  lock::ExclusiveLockSet names{&from->directory, &to->directory,
                               moves_dir ? &who.moved->directory : nullptr,
                               replaces_dir ? &who.replaced->directory : nullptr};
  FL_ASSIGN_OR_RETURN(const auto source, store_.GetDirent(from->id, name));
  FL_ASSIGN_OR_RETURN(const auto target, store_.GetDirent(to->id, new_name));
  if (source != seen || target != seen_target) return false;

  const bool exchange = flags == RENAME_EXCHANGE;
  if (target && flags == RENAME_NOREPLACE) return Fail(EEXIST);
  if (!target && exchange) return Fail(ENOENT);
  // POSIX rename(): two links to the same file, "return successfully and perform no other action".
  if (who.replaced == who.moved) return true;
  if (target && !exchange) {
    if (moves_dir && !replaces_dir) return Fail(ENOTDIR);
    if (!moves_dir && replaces_dir) return Fail(EISDIR);
    if (replaces_dir) {
      FL_ASSIGN_OR_RETURN(auto inside, store_.ListDirents(who.replaced->id, 0, 1));
      if (!inside.empty()) return Fail(ENOTEMPTY);
    }
  }

  store::Transaction transaction;
  transaction.PutDirent(to->id, new_name, source->ino, source->type);
  if (exchange)
    transaction.PutDirent(from->id, name, target->ino, target->type);
  else
    transaction.DeleteDirent(from->id, name);
  FL_TEST_POINT("fs.rename.prepared");
  {
    lock::ExclusiveLockSet states{&from->mapping, &to->mapping, &who.moved->mapping,
                                  who.replaced ? &who.replaced->mapping : nullptr};
    from->mapping.AssertHeld();
    to->mapping.AssertHeld();
    who.moved->mapping.AssertHeld();
    if (to->record.nlink == 0) return Fail(ENOENT);
    const Timestamp now = Now();
    Relink(*from, moves_dir, -1, now);
    Relink(*to, moves_dir, +1, now);
    who.moved->record.ctime = now;
    if (moves_dir) who.moved->record.parent = to->id;
    if (who.replaced) {
      who.replaced->mapping.AssertHeld();
      who.replaced->record.ctime = now;
      Relink(*to, replaces_dir, -1, now);
      if (exchange) {
        Relink(*from, replaces_dir, +1, now);
        if (replaces_dir) who.replaced->record.parent = from->id;
      } else {
        who.replaced->record.nlink = replaces_dir ? 0 : who.replaced->record.nlink - 1;
        if (who.replaced->record.nlink == 0) transaction.AddOrphan(who.replaced->id);
      }
      transaction.PutInode(who.replaced->record);
    }
    transaction.PutInode(from->record);
    transaction.PutInode(to->record);
    transaction.PutInode(who.moved->record);
    const store::TxgId txg = store_.Apply(std::move(transaction));
    from->dirty_txg = to->dirty_txg = who.moved->dirty_txg = txg;
    if (who.replaced) {
      who.replaced->mapping.AssertHeld();
      who.replaced->dirty_txg = txg;
    }
  }
  names.Unlock();
  if (who.replaced) CollectIfUnused(who.replaced);
  return true;
}

}  // namespace faultline::fs
