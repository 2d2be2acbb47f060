// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/clock.h"
#include "store/records.h"

namespace faultline::store::fsck {

// An inode of now, of root; its counts are set by the last pass.
inline InodeRecord NewInode(InodeId ino, uint32_t mode) {
  const int64_t now = RealtimeNow().count();
  const Timestamp time{now / 1'000'000'000, static_cast<uint32_t>(now % 1'000'000'000)};
  InodeRecord inode;
  inode.ino = ino;
  inode.mode = mode;
  inode.atime = inode.mtime = inode.ctime = inode.btime = time;
  return inode;
}

}  // namespace faultline::store::fsck
