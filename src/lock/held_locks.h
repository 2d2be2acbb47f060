// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lock/hierarchy.h"
#include "lock/validator.h"

/// Who holds what. Held locks belong to the request, not to the thread: a request that is parked
/// and resumed elsewhere takes its gate tokens and its kernel locks along. Only the thread inside a
/// context's scope writes it; any thread may take a snapshot (a sequence number tells torn ones).
namespace faultline::lock {

struct HeldLock {
  LockId id;
  Mode mode = Mode::kExclusive;
  bool in_kernel = false;  // declared by KernelHeld
  Place where;             // of the acquisition
  int64_t since_ns = 0;    // monotonic; 0 while statistics are off
};

/// Fixed-capacity stack; release in any order.
class HeldLocks {
 public:
  static constexpr size_t kCapacity = 24;

  ClassMask mask() const { return mask_.load(std::memory_order_relaxed); }
  size_t size() const { return size_.load(std::memory_order_relaxed); }

  /// False when full.
  bool Push(const HeldLock& held);
  /// Removes the youngest entry of this lock into `removed`; false when there is none.
  bool Remove(const LockId& id, HeldLock* removed);

  /// For the owner.
  HeldLock At(size_t i) const;
  /// The oldest entry for which `matches(HeldLock)`; false when there is none.
  template <class F>
  bool Find(F matches, HeldLock& found) const {
    for (size_t i = 0, n = size(); i < n; ++i) {
      found = At(i);
      if (matches(found)) return true;
    }
    return false;
  }
  /// For other threads: false when it changed meanwhile.
  bool Snapshot(std::array<HeldLock, kCapacity>& out, size_t& count) const;

 private:
  struct Slot {
    std::atomic<const void*> lock{nullptr};
    std::atomic<uint64_t> instance{0};
    std::atomic<uint64_t> first{0};
    std::atomic<uint64_t> last{0};
    std::atomic<uint32_t> kind{0};  // class, mode, in_kernel
    std::atomic<int64_t> since_ns{0};
    AtomicPlace where;
  };
  void Store(size_t i, const HeldLock& held);
  void Erase(size_t i);

  std::atomic<uint64_t> sequence_{0};
  std::atomic<ClassMask> mask_{0};
  std::atomic<size_t> size_{0};
  std::array<Slot, kCapacity> slots_;
};

/// What a thread is for. A worker serves requests of the kernel, so it may never wait for the
/// kernel or for another request: with enough of them waiting, none is left to bring what they
/// wait for.
enum class ThreadRole : uint8_t { kBackground, kWorker, kKernelSide };

enum class ContextState : uint8_t { kRunning, kWaiting, kParked };

/// Somebody who holds locks: a request, or a thread without one. In a registry while it lives.
class LockContext {
 public:
  enum class Kind : uint8_t { kThread, kRequest };

  LockContext(const LockContext&) = delete;
  LockContext& operator=(const LockContext&) = delete;

  HeldLocks held;

  Kind kind() const { return kind_; }
  const char* name() const { return name_.load(std::memory_order_acquire); }
  ContextState state() const { return state_.load(std::memory_order_acquire); }
  int64_t start_ns() const { return start_ns_; }

  /// The context that the same thread was in before, while this one is in scope.
  LockContext* outer() const { return outer_; }

  /// What this context is blocked on; lock_class is meaningful while state is kWaiting.
  struct Waiting {
    std::atomic<const void*> lock{nullptr};
    std::atomic<LockClass> lock_class{LockClass::kLog};
    std::atomic<uint64_t> instance{0};
    std::atomic<int64_t> since_ns{0};
    AtomicPlace where;
  };
  const Waiting& waiting() const { return waiting_; }
  int thread_id() const { return thread_id_.load(std::memory_order_acquire); }

 protected:
  LockContext(Kind kind, const char* name);
  ~LockContext();

  std::atomic<const char*> name_;
  std::atomic<ContextState> state_{ContextState::kRunning};
  std::atomic<int> thread_id_{0};  // of the thread in scope; 0: none

 private:
  friend class RequestScope;
  friend class WaitScope;
  friend class ContextRegistry;

  const Kind kind_;
  const int64_t start_ns_;
  LockContext* outer_ = nullptr;  // only the thread in scope
  Waiting waiting_;
  size_t shard_ = 0;                      // of the registry
  LockContext* registry_prev_ = nullptr;  // guarded by the shard
  LockContext* registry_next_ = nullptr;  // guarded by the shard
};

/// One request of the kernel, from its arrival to its reply. Lives where the request lives.
class RequestContext final : public LockContext {
 public:
  /// `name`: the operation's, a literal. All values are those of the request's header.
  RequestContext(uint64_t unique, uint32_t opcode, uint32_t pid, const char* name)
      : LockContext(Kind::kRequest, name), unique_(unique), opcode_(opcode), pid_(pid) {}
  ~RequestContext();

  uint64_t unique() const { return unique_; }
  uint32_t opcode() const { return opcode_; }
  uint32_t pid() const { return pid_; }

  /// Call inside its scope just before leaving it unanswered. `reason` is a literal. What is held
  /// must allow Action::kPark. Entering a scope again resumes it.
  void Park(const char* reason, Place where = Place::Current());
  const char* park_reason() const { return park_reason_.load(std::memory_order_acquire); }

 private:
  const uint64_t unique_;
  const uint32_t opcode_;
  const uint32_t pid_;
  std::atomic<const char*> park_reason_{nullptr};
};

/// Makes this thread act for a request. Nests; a request is in at most one scope at a time. What
/// outer contexts of the thread hold counts too.
class RequestScope {
 public:
  explicit RequestScope(RequestContext& context);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;

 private:
  LockContext* const outer_;
};

/// Shows the current context as blocked on a lock, for a scope.
class WaitScope {
 public:
  WaitScope(const LockId& id, Place where);
  ~WaitScope();
  WaitScope(const WaitScope&) = delete;
  WaitScope& operator=(const WaitScope&) = delete;

 private:
  LockContext& context_;
};

/// The innermost context of this thread; its own one when it acts for no request.
LockContext& CurrentContext();

/// For threads that were not made with lock::Thread (those of a library). `name` is copied.
void NameThisThread(const std::string& name, ThreadRole role);
ThreadRole ThisThreadRole();

}  // namespace faultline::lock
