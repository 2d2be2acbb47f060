// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <mutex>
#include <string>

#include "lock/held_locks.h"

namespace faultline::lock {

/// All live contexts. Sharded, because every request comes and goes through it. Its mutexes are
/// innermost and not in the hierarchy: nothing is taken under them.
class ContextRegistry {
 public:
  static ContextRegistry& Get();

  void Add(LockContext& context);
  void Remove(LockContext& context);

  /// Calls `visit(const LockContext&)` for each; it stays alive meanwhile.
  template <class F>
  void ForEach(F visit) {
    for (Shard& shard : shards_) {
      std::lock_guard lock(shard.mu);
      for (LockContext* c = shard.first; c != nullptr; c = c->registry_next_) visit(*c);
    }
  }

  /// The same text, for good. For the names of threads, of which there are few.
  const char* Intern(const std::string& name);

 private:
  static constexpr size_t kShards = 16;
  struct alignas(64) Shard {
    std::mutex mu;
    LockContext* first = nullptr;  // guarded by mu
  };
  std::array<Shard, kShards> shards_;
};

}  // namespace faultline::lock
