// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/lock_state.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/clock.h"
#include "lock/context_registry.h"
#include "lock/observations.h"
#include "lock/violation_log.h"

namespace faultline::lock {
namespace {

HolderState ToState(const HeldLock& held) {
  return {held.id.lock_class, held.id.instance, held.id.first,           held.id.last, held.mode,
          held.in_kernel,     held.id.lock,     FormatPlace(held.where), held.since_ns};
}

/// A context that changes all the time is tried a few times, then shown without its locks.
std::vector<HolderState> CaptureHeld(const HeldLocks& locks) {
  constexpr int kTries = 100;
  std::array<HeldLock, HeldLocks::kCapacity> held;
  size_t count = 0;
  for (int i = 0; i < kTries; ++i) {
    if (!locks.Snapshot(held, count)) continue;
    std::vector<HolderState> states;
    for (size_t j = 0; j < count; ++j) states.push_back(ToState(held[j]));
    return states;
  }
  return {};
}

std::vector<WaiterState> CaptureWaiting(const LockContext& context) {
  const LockContext::Waiting& waiting = context.waiting();
  const void* lock = waiting.lock.load(std::memory_order_acquire);
  if (context.state() != ContextState::kWaiting || lock == nullptr) return {};
  return {{waiting.lock_class.load(std::memory_order_acquire),
           waiting.instance.load(std::memory_order_acquire), lock,
           FormatPlace(waiting.where.Load()), waiting.since_ns.load(std::memory_order_acquire)}};
}

ContextSnapshot CaptureContext(const LockContext& context) {
  ContextSnapshot snapshot{};
  snapshot.kind = context.kind();
  snapshot.state = context.state();
  snapshot.name = context.name();
  snapshot.thread_id = context.thread_id();
  snapshot.start_ns = context.start_ns();
  snapshot.holds = CaptureHeld(context.held);
  snapshot.waits_for = CaptureWaiting(context);
  if (context.kind() != LockContext::Kind::kRequest) return snapshot;
  const auto& request = static_cast<const RequestContext&>(context);
  snapshot.unique = request.unique();
  snapshot.opcode = request.opcode();
  snapshot.pid = request.pid();
  const char* reason = request.park_reason();
  if (snapshot.state == ContextState::kParked && reason != nullptr) snapshot.park_reason = reason;
  return snapshot;
}

bool IsDeclared(LockClass held, LockClass wanted) {
  if (held == wanted) return Row(wanted).same_class != SameClass::kNever;
  return (Row(wanted).held_before & MaskOf(held)) != 0;
}

void CaptureEdge(LockClass held, LockClass wanted, std::vector<EdgeState>& edges) {
  const auto& observations = internal::Observations::Get();
  EdgeState edge{held, wanted, IsDeclared(held, wanted), observations.Seen(held, wanted), {}, {}};
  if (!edge.declared && !edge.observed) return;
  if (edge.observed) {
    edge.held_where = FormatPlace(observations.Edge(held, wanted).held.Load());
    edge.wanted_where = FormatPlace(observations.Edge(held, wanted).wanted.Load());
  }
  edges.push_back(std::move(edge));
}

std::string Describe(const ContextSnapshot& c) {
  if (c.kind == LockContext::Kind::kThread)
    return fmt::format("thread '{}' ({})", c.name, c.thread_id);
  return fmt::format("request {} {} (opcode {}, pid {})", c.unique, c.name, c.opcode, c.pid);
}

std::string DescribeWaits(const ContextSnapshot& c, int64_t now_ns) {
  if (c.state == ContextState::kParked)
    return fmt::format("{} is parked: {}\n", Describe(c), c.park_reason);
  if (c.waits_for.empty()) return fmt::format("{} waits for no lock\n", Describe(c));
  const WaiterState& w = c.waits_for[0];
  return fmt::format("{} waits for '{}' #{} at {} since {} ms\n", Describe(c), Name(w.lock_class),
                     w.instance, w.where, (now_ns - w.since_ns) / 1000000);
}

const ContextSnapshot* FindHolder(const LockState& state, const WaiterState& wanted,
                                  const ContextSnapshot& not_this, std::string& where) {
  for (const ContextSnapshot& c : state.contexts)
    for (const HolderState& h : c.holds)
      if (h.lock == wanted.lock && &c != &not_this) {
        where = h.where;
        return &c;
      }
  return nullptr;
}

}  // namespace

LockState CaptureLockState() {
  LockState state{};
  state.mode = GetValidatorMode();
  state.now_ns = MonotonicNow().count();
  state.violations = ViolationLog::Get().total();
  state.last_violation = ViolationLog::Get().last();
  ContextRegistry::Get().ForEach(
      [&](const LockContext& context) { state.contexts.push_back(CaptureContext(context)); });
  for (const HierarchyRow& held : kHierarchy)
    for (const HierarchyRow& wanted : kHierarchy)
      CaptureEdge(held.lock_class, wanted.lock_class, state.edges);
  for (const HierarchyRow& row : kHierarchy)
    state.classes.push_back(
        {row.lock_class,
         internal::Observations::Get().hold_ns[static_cast<size_t>(row.lock_class)]});
  return state;
}

std::string DescribeWaitChain(const LockState& state, const ContextSnapshot& from) {
  std::string text;
  std::set<const ContextSnapshot*> visited;
  for (const ContextSnapshot* c = &from; c != nullptr;) {
    text += DescribeWaits(*c, state.now_ns);
    if (c->waits_for.empty()) break;
    visited.insert(c);
    std::string where;
    const ContextSnapshot* holder = FindHolder(state, c->waits_for[0], *c, where);
    if (holder == nullptr) return text + "  held by an unknown context\n";
    text += fmt::format("  held by {}, taken at {}\n", Describe(*holder), where);
    if (visited.count(holder) != 0) return text + "  a cycle: this is a deadlock\n";
    c = holder;
  }
  return text;
}

void ResetLockState() {
  auto& observations = internal::Observations::Get();
  for (auto& mask : observations.held_before) mask.store(0);
  for (auto& histogram : observations.hold_ns) histogram.Clear();
  ViolationLog::Get().Reset();
}

}  // namespace faultline::lock
