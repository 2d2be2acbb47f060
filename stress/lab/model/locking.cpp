// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/locking.h"

#include <algorithm>

namespace faultline::lab {
namespace {

bool HeldByOther(const Turn& r, Lock lock) {
  return std::ranges::any_of(r.w.threads, [&](const Thread& other) {
    return &other != &r.t && (other.shared.Has(lock) || other.exclusive.Has(lock));
  });
}

bool InReadSection(const Thread& t) {
  return t.shared.Has(Lock::kRcu) || t.shared.Has(Lock::kSrcu);
}

}  // namespace

bool IsSpinlock(Lock lock) { return lock == Lock::kPrivateLock || lock == Lock::kPageTable; }

bool HeldByAnyone(const World& w, Lock lock) {
  return std::ranges::any_of(
      w.threads, [&](const Thread& t) { return t.shared.Has(lock) || t.exclusive.Has(lock); });
}

bool ReadersMayEnter(const Turn& r, Lock lock) {
  if (!r.rules.Hold(Rule::kExclusion)) return true;
  return std::ranges::none_of(r.w.threads, [&](const Thread& t) {
    const bool queued = &t != &r.t && t.queued.Has(lock) && r.rules.Hold(Rule::kWriterFirst);
    return t.exclusive.Has(lock) || queued;
  });
}

Flow TakeShared(Turn& r, Lock lock) {
  if (lock != Lock::kRcu && lock != Lock::kSrcu) CheckMaySleep(r);
  if (!ReadersMayEnter(r, lock)) return Wait();
  r.t.shared.Add(lock);
  return Next();
}

Flow TakeExclusive(Turn& r, Lock lock) { return TakeExclusive(r, {lock}); }

Flow TakeExclusive(Turn& r, std::initializer_list<Lock> locks) {
  const Lock first = *locks.begin();
  if (!IsSpinlock(first)) CheckMaySleep(r);
  const bool busy = std::ranges::any_of(locks, [&](Lock lock) { return HeldByOther(r, lock); });
  if (busy && r.rules.Hold(Rule::kExclusion)) {
    if (IsSpinlock(first) || r.t.queued.Has(first)) return Wait();
    for (const Lock lock : locks) r.t.queued.Add(lock);
    return Stay();
  }
  for (const Lock lock : locks) {
    r.t.queued.Remove(lock);
    r.t.exclusive.Add(lock);
  }
  return Next();
}

Flow DropLock(Turn& r, Lock lock) {
  if (r.rules.Hold(Rule::kReleaseOrders)) Drain(r.w, r.t);
  r.t.shared.Remove(lock);
  r.t.exclusive.Remove(lock);
  if (!InReadSection(r.t)) r.t.holds_up_grace = 0;
  return Next();
}

void CheckMaySleep(const Turn& r) {
  const bool atomic = r.t.shared.Has(Lock::kRcu) || r.t.exclusive.Has(Lock::kPageTable) ||
                      r.t.exclusive.Has(Lock::kPrivateLock);
  if (atomic) r.Fail(Violation::kSleepInAtomic);
}

void CheckMayDoIo(const Turn& r) {
  const LockSet forbidden = r.program.no_io_under();
  const bool held = r.t.shared.Intersects(forbidden) || r.t.exclusive.Intersects(forbidden);
  if (held) r.Fail(Violation::kIoUnderLock);
}

void BeginGrace(World& w) {
  for (Thread& t : w.threads) {
    if (InReadSection(t)) t.holds_up_grace = 1;
  }
}

bool GraceEnded(const World& w, const Rules& rules) {
  if (!rules.Hold(Rule::kGracePeriod)) return true;
  return std::ranges::none_of(w.threads, [](const Thread& t) { return t.holds_up_grace != 0; });
}

void Drain(World& w, Thread& t) {
  if (t.buffer.store == Pending::kNothing) return;
  Folio& folio = w.folios[static_cast<size_t>(t.buffer.folio)];
  if (t.buffer.store == Pending::kMapcount) {
    ++folio.mapcount;
  } else {
    folio.uptodate = 0;
  }
  t.buffer = {};
}

}  // namespace faultline::lab
