// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "store/fsck/fsck_store.h"

// Checks that a store is consistent: every reference in both directions, every counter, and on
// request every block of data. Repairs are planned in memory while the passes run and written as
// one atomic change at the end, so that an interrupted repair has changed nothing.
//
//   format     superblock, state, orphan list
//   inodes     every record
//   extents    every record: owner, bounds, no block twice
//   small      every value has one owner, every owner its value
//   names      every dirent: parent, inode, type, hash
//   tree       every directory has one way up to the root
//   counts     links, blocks, counters
//   data       checksum of every block, zeros behind the end of each file (on request)
//
// What is intact is never thrown away: what lost its place goes to /lost+found, an inode whose
// record is damaged is made again around its data or its entries. (The passes are those of e2fsck.)
namespace faultline::store {

// What may be written: nothing; only if every problem is harmless (a count, a leftover); anything.
enum class FsckMode { kCheck, kPreen, kRepair };

struct FsckProgress {
  std::string_view pass;
  uint64_t records = 0;  // seen in this pass
};

struct FsckOptions {
  FsckMode mode = FsckMode::kCheck;
  bool data = false;                                  // read and verify every block
  std::function<void(const FsckProgress&)> progress;  // called every few thousand records
};

struct Problem {
  std::string code{};     // stable, for scripts: "dirent-dangling"
  std::string subject{};  // "inode 12", "entry \"a\" of directory 1"
  std::string message{};  // what is wrong with it
  std::string repair{};   // what mends it; empty: nothing does
  bool harmless = false;
};

struct FsckReport {
  std::vector<Problem> problems;
  bool repaired = false;  // all that can be is written
  uint64_t inodes = 0;
  uint64_t directories = 0;
  uint64_t orphans = 0;
  uint64_t volume_blocks = 0;  // in use
  uint64_t small_blocks = 0;

  bool Clean() const { return problems.empty(); }
  // Some problem is still there.
  bool LeavesProblems() const;
};

// An error is one of operation (I/O, no memory); everything wrong with the records is in the
// report.
Result<FsckReport> CheckRecords(FsckStore& store, const FsckOptions& options);

// The same for a directory made by mkfs.faultline. Errors also as Store::Open: not a store, another
// format, open elsewhere. kCheck changes no byte.
Result<FsckReport> CheckStore(const std::filesystem::path& path, const FsckOptions& options);

}  // namespace faultline::store
