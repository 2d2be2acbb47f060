// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "fs/inode.h"

namespace faultline::fs {

// Moves small blocks to the volume, just before a commit.
//
//   rows of 64 KiB and more that are not yet on disk    always: they never reach RocksDB at all, so
//   a file written in
//                                                       small calls costs one large write
//   everything, oldest first                            while RocksDB holds more than a high-water
//   mark
//
// A file of one block stays where it is. Moving is an ordinary change of the extent map under the
// range lock; a writer that comes in between wins.
class SmallMover {
 public:
  explicit SmallMover(store::Store& store) : store_(store) {}

  // A write put small blocks into `range` of the inode. Memory only.
  void Note(const InodePtr& inode, ByteRange range);
  // From the committer, with no lock held.
  void Run();

 private:
  // Consecutive small blocks of one file.
  struct Row {
    uint64_t begin;
    uint64_t end;
  };
  struct Entry {
    std::weak_ptr<Inode> inode;
    uint64_t chunk;
  };
  void MoveRowsOf(const std::vector<Entry>& entries, uint64_t shortest);
  void MoveRows(Inode& inode, uint64_t first_chunk, uint64_t last_chunk, uint64_t shortest);
  Result<> Move(Inode& inode, Row row);

  store::Store& store_;
  lock::Mutex mu_{lock::LockClass::kReclaim};
  std::vector<Entry> fresh_ FL_GUARDED_BY(mu_);  // since the last commit
  std::deque<Entry> settled_;  // committed as small blocks, oldest first; the committer's own
};

}  // namespace faultline::fs
