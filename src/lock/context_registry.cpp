// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/context_registry.h"

#include <set>

namespace faultline::lock {
namespace {

/// Threads are dealt over the shards once; a request goes where its first thread is.
size_t ShardOfThisThread(size_t shards) {
  static constinit std::atomic<size_t> next{0};
  static thread_local const size_t mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine % shards;
}

}  // namespace

ContextRegistry& ContextRegistry::Get() {
  static ContextRegistry* registry = new ContextRegistry;  // outlives every thread
  return *registry;
}

void ContextRegistry::Add(LockContext& context) {
  context.shard_ = ShardOfThisThread(kShards);
  Shard& shard = shards_[context.shard_];
  std::lock_guard lock(shard.mu);
  context.registry_next_ = shard.first;
  if (shard.first != nullptr) shard.first->registry_prev_ = &context;
  shard.first = &context;
}

void ContextRegistry::Remove(LockContext& context) {
  Shard& shard = shards_[context.shard_];
  std::lock_guard lock(shard.mu);
  LockContext* prev = context.registry_prev_;
  LockContext* next = context.registry_next_;
  (prev != nullptr ? prev->registry_next_ : shard.first) = next;
  if (next != nullptr) next->registry_prev_ = prev;
}

const char* ContextRegistry::Intern(const std::string& name) {
  static std::mutex mu;
  static auto* names = new std::set<std::string>;
  std::lock_guard lock(mu);
  return names->insert(name).first->c_str();
}

}  // namespace faultline::lock
