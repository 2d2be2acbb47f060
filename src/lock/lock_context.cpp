// SPDX-License-Identifier: GPL-2.0-or-later
#include <pthread.h>
#include <unistd.h>

#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "lock/context_registry.h"
#include "lock/held_locks.h"
#include "lock/violation_report.h"

namespace faultline::lock {
namespace {

int64_t NowNs() { return MonotonicNow().count(); }

/// A lock of the daemon that outlives who took it.
void CheckNothingHeld(const LockContext& context) {
  if (!internal::Validating()) return;
  Violation violation;
  if (!context.held.Find([](const HeldLock& h) { return !h.in_kernel; }, violation.offender))
    return;
  violation.rule = Rule::kStillHeld;
  violation.has_offender = true;
  violation.wanted = violation.offender.id;
  violation.where = violation.offender.where;
  violation.context = &context;
  ReportViolation(violation);
}

class ThreadContext final : public LockContext {
 public:
  explicit ThreadContext(const char* name) : LockContext(Kind::kThread, name) {
    thread_id_.store(::gettid(), std::memory_order_release);
  }
  ~ThreadContext() { CheckNothingHeld(*this); }
  void Rename(const char* name) { name_.store(name, std::memory_order_release); }
};

// Trivially destroyed, so still right in destructors that run while the thread exits.
constinit thread_local LockContext* t_current = nullptr;
constinit thread_local ThreadContext* t_own = nullptr;
constinit thread_local ThreadRole t_role = ThreadRole::kBackground;

struct OwnContextReaper {
  ~OwnContextReaper() {
    if (t_current == t_own) t_current = nullptr;
    delete std::exchange(t_own, nullptr);
  }
};

ThreadContext& OwnContext() {
  if (t_own == nullptr) {
    static thread_local OwnContextReaper reaper;
    static_cast<void>(reaper);
    t_own = new ThreadContext("thread");
  }
  return *t_own;
}

}  // namespace

LockContext::LockContext(Kind kind, const char* name)
    : name_(name), kind_(kind), start_ns_(NowNs()) {
  ContextRegistry::Get().Add(*this);
}

LockContext::~LockContext() { ContextRegistry::Get().Remove(*this); }

LockContext& CurrentContext() {
  if (t_current == nullptr) [[unlikely]]
    t_current = &OwnContext();
  return *t_current;
}

void NameThisThread(const std::string& name, ThreadRole role) {
  t_role = role;
  OwnContext().Rename(ContextRegistry::Get().Intern(name));
  // The kernel keeps 15 characters.
  ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str());
}

ThreadRole ThisThreadRole() { return t_role; }

RequestContext::~RequestContext() { CheckNothingHeld(*this); }

void RequestContext::Park(const char* reason, Place where) {
  MayDo(Action::kPark, where);
  park_reason_.store(reason, std::memory_order_release);
  state_.store(ContextState::kParked, std::memory_order_release);
}

RequestScope::RequestScope(RequestContext& context) : outer_(&CurrentContext()) {
  int nobody = 0;
  bool free = context.thread_id_.compare_exchange_strong(nobody, OwnContext().thread_id(),
                                                         std::memory_order_acq_rel);
  FL_CHECK(free, "request {} is in two threads at once", context.unique());
  context.outer_ = outer_;
  context.state_.store(ContextState::kRunning, std::memory_order_release);
  t_current = &context;
}

RequestScope::~RequestScope() {
  LockContext* context = t_current;
  t_current = outer_;
  context->outer_ = nullptr;
  context->thread_id_.store(0, std::memory_order_release);
}

WaitScope::WaitScope(const LockId& id, Place where) : context_(CurrentContext()) {
  LockContext::Waiting& waiting = context_.waiting_;
  waiting.lock.store(id.lock, std::memory_order_release);
  waiting.lock_class.store(id.lock_class, std::memory_order_release);
  waiting.instance.store(id.instance, std::memory_order_release);
  waiting.since_ns.store(NowNs(), std::memory_order_release);
  waiting.where.Store(where);
  context_.state_.store(ContextState::kWaiting, std::memory_order_release);
}

WaitScope::~WaitScope() {
  context_.state_.store(ContextState::kRunning, std::memory_order_release);
  context_.waiting_.lock.store(nullptr, std::memory_order_release);
}

}  // namespace faultline::lock
