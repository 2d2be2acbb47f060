// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/kernel_locks.h"

#include "lock/validator.h"

namespace faultline::fuse {
namespace {

using lock::Classes;
using lock::LockClass;

constexpr lock::ClassMask kDirectory = Classes(LockClass::kDirInode);
constexpr lock::ClassMask kInode = Classes(LockClass::kInodeRwsem);

// A fault that is retried, and munmap, wait for the daemon with mmap_lock held.
lock::ClassMask ReadLocks(const Message& message) {
  return message.IsDirectRead() ? 0 : Classes(LockClass::kMmapLock, LockClass::kFolio);
}

lock::ClassMask WriteLocks(const Message& message) {
  if (message.IsDirectWrite()) return kInode;
  // fsync, fallocate and copy_file_range flush with the inode locked.
  if (message.IsWriteback()) return kInode | Classes(LockClass::kMmapLock, LockClass::kWriteback);
  // write(2) of a part of a page that is not cached keeps that page locked.
  return kInode | Classes(LockClass::kFolio);
}

lock::ClassMask SetattrLocks(const Message& message) {
  return message.ChangesSize() ? kInode | Classes(LockClass::kNowrite) : kInode;
}

lock::ClassMask ClassesOfRequester(const Message& message) {
  switch (message.Opcode()) {
    case FUSE_READ: return ReadLocks(message);
    case FUSE_WRITE: return WriteLocks(message);
    case FUSE_SETATTR: return SetattrLocks(message);
    case FUSE_FALLOCATE:
    case FUSE_FSYNC:
    case FUSE_LSEEK:
    case FUSE_COPY_FILE_RANGE:
    case FUSE_GETXATTR:  // security.capability before a write
    case FUSE_SETXATTR:
    case FUSE_REMOVEXATTR: return kInode;
    case FUSE_LOOKUP:
    case FUSE_READDIR:
    case FUSE_READDIRPLUS:
    case FUSE_FSYNCDIR:
    case FUSE_CREATE:
    case FUSE_MKNOD:
    case FUSE_MKDIR:
    case FUSE_SYMLINK: return kDirectory;
    case FUSE_LINK:
    case FUSE_UNLINK:
    case FUSE_RMDIR: return kDirectory | kInode;
    case FUSE_RENAME:
    case FUSE_RENAME2: return kDirectory | kInode | Classes(LockClass::kVfsRename);
    default: return 0;
  }
}

}  // namespace

RequesterLocks LocksOfRequester(const Message& message) {
  InodeId inode = message.Ino();
  // The output is locked, the input is not.
  if (message.Opcode() == FUSE_COPY_FILE_RANGE)
    inode = InodeId{message.Body<fuse_copy_file_range_in>().nodeid_out};
  return {ClassesOfRequester(message), inode};
}

void DeclareLocksOfRequester(const Message& message) {
  const RequesterLocks locks = LocksOfRequester(message);
  for (size_t i = 0; i < lock::kLockClassCount; ++i) {
    const auto lock_class = static_cast<LockClass>(i);
    if ((locks.classes & lock::MaskOf(lock_class)) != 0)
      lock::KernelHeld({lock_class}, Raw(locks.inode));
  }
}

}  // namespace faultline::fuse
