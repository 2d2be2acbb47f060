// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/stat.h>

#include <cerrno>

#include "base/mutant.h"
#include "base/test_point.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {

Result<> FilesystemImpl::Unlink(InodeId parent, std::string_view name) {
  return RemoveName(parent, name, false);
}

Result<> FilesystemImpl::Rmdir(InodeId parent, std::string_view name) {
  return RemoveName(parent, name, true);
}

// Parent and victim are locked in the order of their numbers, so the victim is looked up first, and
// again once both are locked.
Result<> FilesystemImpl::RemoveName(InodeId parent, std::string_view name, bool directory) {
  FL_TRY(CheckName(name));
  FL_TRY(store_.WaitForRoom());
  FL_ASSIGN_OR_RETURN(InodePtr dir, DirectoryFor(parent));
  for (;;) {
    FL_ASSIGN_OR_RETURN(auto seen, store_.GetDirent(parent, name));
    if (!seen) return Fail(ENOENT);
    FL_ASSIGN_OR_RETURN(InodePtr victim, NamedInode(parent, *seen));
    if (!victim) continue;

    lock::ExclusiveLockSet names{&dir->directory, directory ? &victim->directory : nullptr};
    FL_ASSIGN_OR_RETURN(auto dirent, store_.GetDirent(parent, name));
    if (!dirent || dirent->ino != seen->ino) continue;
    if (directory) {
      FL_ASSIGN_OR_RETURN(auto inside, store_.ListDirents(victim->id, 0, 1));
      if (!inside.empty()) return Fail(ENOTEMPTY);
    }

    store::Transaction transaction;
    transaction.DeleteDirent(parent, name);
    FL_TEST_POINT("fs.unlink.prepared");
    {
      lock::ExclusiveLockSet states{&dir->mapping, &victim->mapping};
      dir->mapping.AssertHeld();
      victim->mapping.AssertHeld();
      // POSIX unlink(): EISDIR or EPERM for a directory; rmdir(): ENOTDIR for anything else.
      if (directory != victim->IsDirectory()) return Fail(directory ? ENOTDIR : EISDIR);
      dir->record.mtime = dir->record.ctime = victim->record.ctime = Now();
      victim->record.nlink = directory ? 0 : victim->record.nlink - 1;
      if (directory) --dir->record.nlink;
      if (victim->record.nlink == 0) transaction.AddOrphan(victim->id);
      transaction.PutInode(dir->record);
      transaction.PutInode(victim->record);
      dir->dirty_txg = victim->dirty_txg = store_.Apply(std::move(transaction));
    }
    names.Unlock();
    if (Mutated(Mutant::kOrphanEarly)) orphans_.Collect(victim);
    CollectIfUnused(victim);
    return {};
  }
}

}  // namespace faultline::fs
