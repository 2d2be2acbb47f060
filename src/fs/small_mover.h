// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <deque>
#include <span>
#include <vector>

#include "fs/inode_table.h"

namespace faultline::fs {

// Moves small blocks to the volume, just before a commit:
//
// * always, rows of 64 KiB and more that are not yet on disk: they never reach RocksDB at all, so a
//   file written in small calls costs one large write;
// * the oldest ones of any length, while RocksDB holds more than a high-water mark of small data,
// or
//   this class more places than it wants to remember.
//
// A file of one block stays where it is. Moving is an ordinary change of the extent map under the
// range lock; a writer that comes in between wins. Thread-safe.
class SmallMover {
 public:
  SmallMover(store::Store& store, InodeTable& inodes) : store_(store), inodes_(inodes) {}

  // These ranges of the inode are in small blocks now. Memory only.
  void Note(const Inode& inode, std::span<const ByteRange> ranges);
  // From the committer, with no lock held.
  void Run();

 private:
  // Consecutive small blocks of one file.
  struct Row {
    uint64_t begin;
    uint64_t end;
  };
  // A chunk that had small blocks. By number: what was written and closed is moved, too.
  struct Entry {
    InodeId ino;
    uint64_t chunk;
    auto operator<=>(const Entry&) const = default;
  };
  std::vector<Entry> TakeFresh();
  // Remembers `fresh` and takes out what has to be moved now.
  std::vector<Entry> Settle(const std::vector<Entry>& fresh);
  void MoveRowsOf(const std::vector<Entry>& entries, uint64_t shortest);
  void MoveRows(Inode& inode, uint64_t first_chunk, uint64_t last_chunk, uint64_t shortest);
  Result<> Move(Inode& inode, Row row);

  store::Store& store_;
  InodeTable& inodes_;
  lock::Mutex mu_{lock::LockClass::kReclaim};
  std::vector<Entry> fresh_ FL_GUARDED_BY(mu_);  // since the last commit
  // Committed as small blocks, oldest first. Some may have been moved or deleted since.
  std::deque<Entry> settled_ FL_GUARDED_BY(mu_);
};

}  // namespace faultline::fs
