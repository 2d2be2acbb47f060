// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <mutex>

#include "base/mutant.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

void ApplyChange(const AttributeChange& change, store::InodeRecord& record) {
  const Timestamp now = Now();
  record.ctime = change.ctime.value_or(now);
  if (change.mode) record.mode = (record.mode & S_IFMT) | (*change.mode & 07777);
  if (change.uid) record.uid = *change.uid;
  if (change.gid) record.gid = *change.gid;
  // chown(2) takes the set-id bits of a file, whoever calls it; the kernel leaves that to us.
  const bool changes_owner = change.uid || change.gid;
  if (change.kill_suid_sgid || (changes_owner && !change.mode)) KillSuidSgid(record);
  if (change.size && !change.mtime) record.mtime = now;
  if (change.atime_now) record.atime = now;
  if (change.mtime_now) record.mtime = now;
  if (change.atime) record.atime = *change.atime;
  if (change.mtime) record.mtime = *change.mtime;
}

// For Mutant::kStaleAttributes: as they were when they were asked for first.
Attributes FirstAttributes(Inode& inode) {
  static std::mutex mu;
  static std::map<InodeId, Attributes> first;
  lock::SharedLock lock(inode.mapping);
  std::lock_guard guard(mu);
  return first.try_emplace(inode.id, inode.record).first->second;
}

}  // namespace

Result<Attributes> FilesystemImpl::GetAttributes(InodeId ino) {
  FL_ASSIGN_OR_RETURN(InodePtr inode, inodes_.Get(ino));
  if (Mutated(Mutant::kStaleAttributes)) return FirstAttributes(*inode);
  lock::SharedLock lock(inode->mapping);
  return inode->record;
}

Result<Attributes> FilesystemImpl::SetAttributes(const Request&, InodeId ino,
                                                 const AttributeChange& change) {
  FL_TRY(store_.WaitForRoom());
  if (change.size) {
    FL_ASSIGN_OR_RETURN(InodePtr file, RegularFile(ino));
    FL_TRY(Truncate(file, *change.size,
                    [&](store::InodeRecord& record) { ApplyChange(change, record); }));
    lock::SharedLock lock(file->mapping);
    return file->record;
  }
  FL_ASSIGN_OR_RETURN(InodePtr inode, inodes_.Get(ino));
  lock::ExclusiveLock lock(inode->mapping);
  if (inode->deleted) return Fail(ENOENT);
  ApplyChange(change, inode->record);
  store::Transaction transaction;
  transaction.PutInode(inode->record);
  inode->dirty_txg = store_.Apply(std::move(transaction));
  return inode->record;
}

Result<> FilesystemImpl::OpenFile(InodeId ino, int flags) {
  FL_ASSIGN_OR_RETURN(InodePtr inode, inodes_.Get(ino));
  if ((flags & O_ACCMODE) != O_RDONLY && store_.ReadOnly()) return Fail(EROFS);
  return {};
}

void FilesystemImpl::ReleaseFile(InodeId, int) {}

}  // namespace faultline::fs
