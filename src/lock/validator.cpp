// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/validator.h"

#include <bit>

#include "base/check.h"
#include "base/clock.h"
#include "lock/held_locks.h"
#include "lock/observations.h"
#include "lock/violation_report.h"

namespace faultline::lock {
namespace internal {

#ifdef FAULTLINE_TEST_POINTS
constinit std::atomic<uint32_t> g_features{kFeatureAbort};
#else
constinit std::atomic<uint32_t> g_features{0};
#endif

Observations& Observations::Get() {
  static Observations* observations = new Observations;  // outlives every thread
  return *observations;
}

namespace {

void SetFeature(uint32_t clear, uint32_t set) {
  uint32_t old = g_features.load(std::memory_order_relaxed);
  while (!g_features.compare_exchange_weak(old, (old & ~clear) | set)) {
  }
}

/// Rows as masks by class and action, for the fast path.
constexpr auto kHeldBefore = [] {
  std::array<ClassMask, kLockClassCount> masks{};
  for (size_t i = 0; i < kLockClassCount; ++i) masks[i] = kHierarchy[i].held_before;
  return masks;
}();
constexpr auto kForbiddenUnder = [] {
  std::array<ClassMask, kActionCount> masks{};
  for (size_t a = 0; a < kActionCount; ++a)
    for (const HierarchyRow& row : kHierarchy)
      if ((row.may_do & (ActionMask{1} << a)) == 0) masks[a] |= MaskOf(row.lock_class);
  return masks;
}();

/// What is about to be taken, by whom.
struct Attempt {
  LockId id;
  Mode mode;
  Place where;
  std::string_view call;  // of TakesInKernel
};

void Report(Rule rule, const Attempt& attempt, const HeldLock& offender) {
  Violation violation;
  violation.rule = rule;
  violation.wanted = attempt.id;
  violation.wanted_mode = attempt.mode;
  violation.call = attempt.call;
  violation.where = attempt.where;
  violation.offender = offender;
  violation.has_offender = true;
  violation.context = &CurrentContext();
  ReportViolation(violation);
}

void ReportAction(Rule rule, Action action, std::string_view call, Place where,
                  const HeldLock* offender) {
  Violation violation;
  violation.rule = rule;
  violation.is_action = true;
  violation.action = action;
  violation.call = call;
  violation.where = where;
  violation.has_offender = offender != nullptr;
  if (offender != nullptr) violation.offender = *offender;
  violation.context = &CurrentContext();
  ReportViolation(violation);
}

bool Ascends(const LockId& from, const LockId& to) {
  return from.instance != to.instance ? from.instance < to.instance : from.last < to.first;
}

bool SameClassAllowed(const HeldLock& held, const Attempt& attempt) {
  switch (Row(attempt.id.lock_class).same_class) {
    case SameClass::kNever: return false;
    case SameClass::kAscendingInstance: return Ascends(held.id, attempt.id);
    case SameClass::kShared: return held.mode == Mode::kShared && attempt.mode == Mode::kShared;
  }
  return false;
}

/// Rules in the order in which they explain most.
void CheckAgainst(const HeldLock& held, const Attempt& attempt) {
  LockClass wanted = attempt.id.lock_class;
  if (held.id.SameLock(attempt.id)) {
    bool upgrade = held.mode == Mode::kShared && attempt.mode == Mode::kExclusive;
    Report(upgrade ? Rule::kUpgrade : Rule::kRecursion, attempt, held);
  } else if (held.id.lock_class == wanted) {
    if (!SameClassAllowed(held, attempt)) Report(Rule::kSameClass, attempt, held);
  } else if ((MaskOf(held.id.lock_class) & kHeldBefore[static_cast<size_t>(wanted)]) == 0) {
    Report(Rule::kOrder, attempt, held);
  }
}

void CheckEach(const LockContext& context, const Attempt& attempt) {
  for (size_t i = 0; i < context.held.size(); ++i) CheckAgainst(context.held.At(i), attempt);
}

void RecordEdges(const LockContext& context, const Attempt& attempt) {
  Observations& observations = Observations::Get();
  size_t wanted = static_cast<size_t>(attempt.id.lock_class);
  for (size_t i = 0; i < context.held.size(); ++i) {
    HeldLock held = context.held.At(i);
    if (observations.Seen(held.id.lock_class, attempt.id.lock_class)) continue;
    ObservedEdge& edge = observations.edges[wanted][static_cast<size_t>(held.id.lock_class)];
    edge.held.Store(held.where);
    edge.wanted.Store(attempt.where);
    observations.held_before[wanted].fetch_or(MaskOf(held.id.lock_class));
  }
}

void Check(const Attempt& attempt) {
  Observations& observations = Observations::Get();
  size_t wanted = static_cast<size_t>(attempt.id.lock_class);
  for (const LockContext* c = &CurrentContext(); c != nullptr; c = c->outer()) {
    ClassMask held = c->held.mask();
    if ((held & ~kHeldBefore[wanted]) != 0) [[unlikely]]
      CheckEach(*c, attempt);
    ClassMask seen = observations.held_before[wanted].load(std::memory_order_relaxed);
    if ((held & ~seen) != 0) [[unlikely]]
      RecordEdges(*c, attempt);
  }
}

void CheckAction(Action action, std::string_view call, Place where) {
  ClassMask forbidden = kForbiddenUnder[static_cast<size_t>(action)];
  for (const LockContext* c = &CurrentContext(); c != nullptr; c = c->outer()) {
    if ((c->held.mask() & forbidden) == 0) [[likely]]
      continue;
    auto forbids = [&](const HeldLock& h) { return (MaskOf(h.id.lock_class) & forbidden) != 0; };
    HeldLock offender;
    if (c->held.Find(forbids, offender))
      ReportAction(Rule::kForbidden, action, call, where, &offender);
  }
}

void CheckRole(Action action, std::string_view call, Place where) {
  if (ThisThreadRole() == ThreadRole::kWorker)
    ReportAction(Rule::kWorkerWaits, action, call, where, nullptr);
}

bool Push(const HeldLock& held) {
  LockContext& context = CurrentContext();
  if (context.held.Push(held)) [[likely]]
    return true;
  if (Validating()) Report(Rule::kTooMany, {held.id, held.mode, held.where, {}}, held);
  return false;
}

bool HoldsAtLeast(const LockContext& context, const LockId& id, Mode mode) {
  HeldLock found;
  return context.held.Find(
      [&](const HeldLock& h) {
        return h.id == id && (mode == Mode::kShared || h.mode == Mode::kExclusive);
      },
      found);
}

}  // namespace

void CheckAcquire(const LockId& id, Mode mode, Place where) {
  if (Validating()) Check({id, mode, where, {}});
}

bool NoteAcquired(const LockId& id, Mode mode, Place where) {
  uint32_t features = Features();
  if ((features & kFeatureTracking) == 0) return false;
  int64_t since = (features & kFeatureStatistics) != 0 ? MonotonicNow().count() : 0;
  return Push({id, mode, false, where, since});
}

void NoteReleased(const LockId& id) {
  HeldLock removed;
  bool found = CurrentContext().held.Remove(id, &removed);
  for (LockContext* c = CurrentContext().outer(); !found && c != nullptr; c = c->outer())
    found = c->held.Remove(id, &removed);
  if (!found || removed.since_ns == 0) return;
  int64_t held_ns = MonotonicNow().count() - removed.since_ns;
  Observations::Get().hold_ns[static_cast<size_t>(id.lock_class)].Record(
      static_cast<uint64_t>(held_ns));
}

}  // namespace internal

void SetValidatorMode(ValidatorMode mode) {
  using namespace internal;
  uint32_t set = mode == ValidatorMode::kReport  ? kFeatureReport
                 : mode == ValidatorMode::kAbort ? kFeatureAbort
                                                 : 0u;
  SetFeature(kFeatureReport | kFeatureAbort, set);
}

ValidatorMode GetValidatorMode() {
  uint32_t features = internal::Features();
  if ((features & internal::kFeatureAbort) != 0) return ValidatorMode::kAbort;
  return (features & internal::kFeatureReport) != 0 ? ValidatorMode::kReport : ValidatorMode::kOff;
}

void EnableLockStatistics(bool on) {
  internal::SetFeature(internal::kFeatureStatistics, on ? internal::kFeatureStatistics : 0u);
}

void MayDo(Action action, Place where) {
  if (!internal::Validating()) [[likely]]
    return;
  internal::CheckAction(action, {}, where);
  if (action == Action::kWaitForRequest) internal::CheckRole(action, {}, where);
}

void TakesInKernel(ClassMask classes, std::string_view call, Place where) {
  if (!internal::Validating()) return;
  internal::CheckAction(Action::kNotify, call, where);
  if (classes != 0) internal::CheckRole(Action::kWaitForRequest, call, where);
  for (const HierarchyRow& row : kHierarchy)
    if ((classes & MaskOf(row.lock_class)) != 0)
      internal::Check({{nullptr, row.lock_class, 0, 0, 0}, Mode::kExclusive, where, call});
}

void TakesInKernel(std::initializer_list<LockClass> classes, std::string_view call, Place where) {
  ClassMask mask = 0;
  for (LockClass c : classes) mask |= MaskOf(c);
  TakesInKernel(mask, call, where);
}

void KernelHeld(ClassMask classes, uint64_t instance, Place where) {
  if (!internal::Tracking()) return;
  for (; classes != 0; classes &= classes - 1) {
    auto c = static_cast<LockClass>(std::countr_zero(classes));
    static_cast<void>(
        internal::Push({{nullptr, c, instance, 0, 0}, Mode::kExclusive, true, where, 0}));
  }
}

void KernelHeld(std::initializer_list<LockClass> classes, uint64_t instance, Place where) {
  ClassMask mask = 0;
  for (LockClass c : classes) mask |= MaskOf(c);
  KernelHeld(mask, instance, where);
}

void AssertHoldsLock(const LockId& id, Mode mode, Place where) {
  if (!internal::Validating()) return;
  for (const LockContext* c = &CurrentContext(); c != nullptr; c = c->outer())
    if (internal::HoldsAtLeast(*c, id, mode)) return;
  Violation violation;
  violation.rule = Rule::kNotHeld;
  violation.wanted = id;
  violation.wanted_mode = mode;
  violation.where = where;
  violation.context = &CurrentContext();
  ReportViolation(violation);
}

}  // namespace faultline::lock
