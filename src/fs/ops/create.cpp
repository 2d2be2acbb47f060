// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/test_point.h"
#include "fs/filesystem_impl.h"

namespace faultline::fs {
namespace {

constexpr uint32_t kMaxLinks = 1u << 30;

store::InodeRecord NewRecord(const Request& request, InodeId ino, uint32_t mode,
                             const Attributes& parent) {
  store::InodeRecord record;
  record.ino = ino;
  record.mode = mode;
  record.uid = request.uid;
  record.gid = request.gid;
  // A set-group-ID directory hands its group down, and to directories the bit as well.
  if (parent.mode & S_ISGID) {
    record.gid = parent.gid;
    if (S_ISDIR(mode)) record.mode |= S_ISGID;
  }
  record.nlink = S_ISDIR(mode) ? 2 : 1;
  if (S_ISDIR(mode)) record.parent = parent.ino;
  record.atime = record.mtime = record.ctime = record.btime = Now();
  return record;
}

}  // namespace

Result<Attributes> FilesystemImpl::Create(const Request& request, InodeId parent,
                                          std::string_view name, uint32_t mode) {
  return MakeNode(request, parent, name, (mode & 07777) | S_IFREG);
}

Result<Attributes> FilesystemImpl::Mkdir(const Request& request, InodeId parent,
                                         std::string_view name, uint32_t mode) {
  return MakeNode(request, parent, name, (mode & 07777) | S_IFDIR);
}

Result<Attributes> FilesystemImpl::MakeNode(const Request& request, InodeId parent,
                                            std::string_view name, uint32_t mode) {
  FL_TRY(CheckName(name));
  FL_TRY(store_.WaitForRoom(store::AllocationClass::kNewData));
  FL_ASSIGN_OR_RETURN(InodePtr dir, DirectoryFor(parent));

  lock::ExclusiveLock names(dir->directory);
  FL_ASSIGN_OR_RETURN(auto existing, store_.GetDirent(parent, name));
  if (existing) return Fail(EEXIST);

  store::InodeRecord record;
  {
    lock::SharedLock lock(dir->mapping);
    if (dir->record.nlink == 0) return Fail(ENOENT);
    if (S_ISDIR(mode) && dir->record.nlink >= kMaxLinks) return Fail(EMLINK);
    record = NewRecord(request, store_.AllocateInode(), mode, dir->record);
  }
  InodePtr inode = inodes_.Insert(record);
  inodes_.AddReference(inode);

  store::Transaction transaction;
  transaction.PutInode(record);
  transaction.PutDirent(parent, name, record.ino, IFTODT(mode));
  FL_TEST_POINT("fs.create.prepared");
  lock::ExclusiveLockSet states{&dir->mapping, &inode->mapping};
  dir->mapping.AssertHeld();
  inode->mapping.AssertHeld();
  inode->extents.AssumeEmpty();
  dir->record.mtime = dir->record.ctime = record.ctime;
  if (S_ISDIR(mode)) ++dir->record.nlink;
  transaction.PutInode(dir->record);
  dir->dirty_txg = inode->dirty_txg = store_.Apply(std::move(transaction));
  return record;
}

}  // namespace faultline::fs
