// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/inode_table.h"

#include <algorithm>

namespace faultline::store::fsck {

InodeInfo& InodeTable::Add(const InodeInfo& inode) {
  const auto at = all_.empty() || all_.back().ino < inode.ino
                      ? all_.end()
                      : std::ranges::lower_bound(all_, inode.ino, {}, &InodeInfo::ino);
  return *all_.insert(at, inode);
}

InodeInfo* InodeTable::Find(InodeId ino) {
  const auto at = std::ranges::lower_bound(all_, ino, {}, &InodeInfo::ino);
  return at != all_.end() && at->ino == ino ? &*at : nullptr;
}

}  // namespace faultline::store::fsck
