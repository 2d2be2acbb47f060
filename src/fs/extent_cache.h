// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>

#include "store/extent_chunk.h"

namespace faultline::fs {

using store::ChunkPtr;

// How many chunks all inodes together keep in memory. A chunk is about half a kilobyte and covers
// 256 KiB of file.
class ChunkBudget {
 public:
  explicit ChunkBudget(size_t limit) : limit_(limit) {}
  bool Exceeded() const { return used_.load(std::memory_order_relaxed) > limit_; }
  size_t Used() const { return used_.load(std::memory_order_relaxed); }

 private:
  friend class ExtentCache;
  const size_t limit_;
  std::atomic<size_t> used_{0};
};

// The chunks of one inode that are in memory. What is published is always in here or in the store:
// Store::Apply runs under the same mapping lock, so a chunk can be dropped at any time and loaded
// again.
//
// A loader that raced with a publish must not put an old chunk back. It may insert only where
// nothing is known, and only if nothing was dropped since it began (Drops()): a published chunk
// leaves the cache by a drop only. Guarded by the mapping lock of the inode.
class ExtentCache {
 public:
  explicit ExtentCache(ChunkBudget& budget) : budget_(budget) {}
  ~ExtentCache() { Drop(); }
  ExtentCache(const ExtentCache&) = delete;
  ExtentCache& operator=(const ExtentCache&) = delete;

  // A new file: everything that was never published is a hole, no need to ask the store.
  void AssumeEmpty() { hole_from_ = 0; }

  // Empty: not known. Null: a hole.
  std::optional<ChunkPtr> Find(uint64_t index) const;
  void Publish(uint64_t index, ChunkPtr chunk);
  void InsertLoaded(uint64_t index, ChunkPtr chunk);  // keeps what is known

  uint64_t Drops() const { return drops_; }
  size_t Size() const { return chunks_.size(); }
  void Drop();
  // All inodes together hold too many chunks, and this one not just a few.
  bool ShouldDrop() const { return budget_.Exceeded() && chunks_.size() > kAlwaysCached; }

 private:
  static constexpr size_t kAlwaysCached = 256;
  static constexpr uint64_t kNowhere = std::numeric_limits<uint64_t>::max();

  ChunkBudget& budget_;
  std::map<uint64_t, ChunkPtr> chunks_;
  uint64_t hole_from_ = kNowhere;  // what is not in chunks_ from here on is a hole
  uint64_t drops_ = 0;
};

}  // namespace faultline::fs
