// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <cstdint>
#include <deque>

#include "store/records.h"

namespace faultline::store::fsck {

// What fsck keeps of an inode: what its record says, and what the other records say about it.
struct InodeInfo {
  explicit InodeInfo(const InodeRecord& record)
      : ino(record.ino),
        parent(record.parent),
        size(record.size),
        blocks(record.blocks),
        mode(record.mode),
        nlink(record.nlink) {}

  bool IsDirectory() const { return S_ISDIR(mode); }
  bool HasData() const { return S_ISREG(mode) || S_ISLNK(mode); }
  uint8_t Type() const { return static_cast<uint8_t>(IFTODT(mode)); }

  // Its record.
  InodeId ino;
  InodeId parent;
  uint64_t size;
  uint64_t blocks;
  uint32_t mode;
  uint32_t nlink;

  // Found elsewhere.
  uint64_t found_blocks = 0;
  uint32_t names = 0;
  uint32_t entries = 0;    // of a directory
  uint32_t subdirs = 0;    // of a directory
  InodeId named_in{};      // the directory of its first name
  bool orphan = false;     // on the orphan list
  bool connected = false;  // there is a way up to the root
  InodeId walk{};          // the directory from where a walk up came by
  bool made = false;       // by fsck: its counts are still to be set, which is no news
};

// All inodes, by number. Not thread-safe. Adding the greatest leaves pointers valid.
class InodeTable {
 public:
  // Cheap if `ino` is the greatest so far.
  InodeInfo& Add(const InodeInfo& inode);
  InodeInfo* Find(InodeId ino);
  InodeId Greatest() const { return all_.empty() ? kNoInode : all_.back().ino; }

  auto begin() { return all_.begin(); }
  auto end() { return all_.end(); }
  size_t size() const { return all_.size(); }

 private:
  std::deque<InodeInfo> all_;
};

}  // namespace faultline::store::fsck
