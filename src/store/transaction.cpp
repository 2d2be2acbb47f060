// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/transaction.h"

#include "store/keys.h"

namespace faultline::store {

void Transaction::PutDirent(InodeId parent, std::string_view name, InodeId ino, uint8_t type) {
  dirents_.push_back({parent, std::string(name), ino, type});
}

void Transaction::DeleteDirent(InodeId parent, std::string_view name) {
  dirents_.push_back({parent, std::string(name), kNoInode, 0});
}

bool Transaction::Empty() const {
  return inodes_.empty() && dirents_.empty() && chunks_.empty() && small_.empty() &&
         freed_.empty() && orphans_.empty();
}

void Transaction::HashNames(uint64_t seed) {
  for (DirentChange& change : dirents_) change.hash = keys::NameHash(change.name, seed);
}

}  // namespace faultline::store
