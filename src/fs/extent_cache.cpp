// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/extent_cache.h"

namespace faultline::fs {

std::optional<ChunkPtr> ExtentCache::Find(uint64_t index) const {
  auto it = chunks_.find(index);
  if (it != chunks_.end()) return it->second;
  if (index >= hole_from_) return ChunkPtr{};
  return std::nullopt;
}

void ExtentCache::Publish(uint64_t index, ChunkPtr chunk) {
  auto [it, added] = chunks_.insert_or_assign(index, std::move(chunk));
  if (added) budget_.used_.fetch_add(1, std::memory_order_relaxed);
}

void ExtentCache::InsertLoaded(uint64_t index, ChunkPtr chunk) {
  if (Find(index)) return;
  Publish(index, std::move(chunk));
}

void ExtentCache::Drop() {
  budget_.used_.fetch_sub(chunks_.size(), std::memory_order_relaxed);
  chunks_.clear();
  hole_from_ = kNowhere;
  ++drops_;
}

}  // namespace faultline::fs
