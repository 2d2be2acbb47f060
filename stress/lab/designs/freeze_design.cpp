// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/freeze_design.h"

#include <fmt/format.h>

#include <array>

#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

enum class Level : uint8_t { kWrite, kPagefault, kInternal };

Lock LockOf(const FreezeDesign& d, Level level) {
  if (!d.ranked) return Lock::kSbWrite;
  return static_cast<Lock>(static_cast<int>(Lock::kSbWrite) + static_cast<int>(level));
}

void Look(Program& p, Lock lock) {
  p.Do(fmt::format("{}: frozen?", Name(lock)),
       [=](Turn& r) { return ReadersMayEnter(r, lock) ? Next() : Wait(); });
}

void Enter(Program& p, const FreezeDesign& d, Level level) {
  if (d.counted) {
    p.Take(LockOf(d, level), Mode::kShared);
  } else {
    Look(p, LockOf(d, level));
  }
}

void Leave(Program& p, const FreezeDesign& d, Level level) {
  if (d.counted) p.Drop(LockOf(d, level));
}

Flow LockPage(Turn& r) {
  r.t.folio = 0;
  return LockFolio(r);
}

Flow UnlockPage(Turn& r) { return UnlockFolio(r), Next(); }

Flow WaitForWriteback(Turn& r) { return r.w.folios[0].writeback != 0 ? Wait() : Next(); }

Flow Dirty(Turn& r) {
  if (r.rules.Hold(Rule::kRedirty)) r.w.folios[0].dirty = 1;
  return Next();
}

Flow WriteProtectPte(Turn& r) {
  if (!r.rules.Hold(Rule::kWriteProtect)) return Next();
  r.w.tables[0].pte.writable = 0;
  return FlushTlb(r, 0);
}

Flow WriteToDisk(Turn& r) {
  WriteBlock(r, 0, r.w.extents[0], r.w.folios[0].content);
  return Next();
}

// The freezer writes under what it has closed itself; others enter as writers do.
enum class By : uint8_t { kWriter, kFreezer };
void EmitWritePage(Program& p, const FreezeDesign& d, By by) {
  const bool enter = by == By::kWriter || d.ranked;
  const Label clean = p.NewLabel();
  p.Do("lock folio", LockPage);
  p.Do("dirty?", [=](Turn& r) { return r.w.folios[0].dirty == 0 ? Go(clean) : Next(); });
  p.Do("write-protect PTE, flush TLB", WriteProtectPte);
  if (enter) Enter(p, d, Level::kInternal);
  p.Do("clear dirty", [](Turn& r) { return r.w.folios[0].dirty = 0, Next(); });
  p.Io("I/O writes the block", WriteToDisk);
  if (enter) Leave(p, d, Level::kInternal);
  p.Bind(clean);
  p.Do("unlock folio", UnlockPage);
}

}  // namespace

std::span<const FreezeDesign> FreezeDesigns() {
  static constexpr std::array<FreezeDesign, 3> kDesigns = {{
      {"check_then_write", "look at the frozen state, then write", false, false},
      {"counted", "one counted lock for everybody", true, false},
      {"ranks", "write, page-fault, internal; closed in that order", true, true},
  }};
  return kDesigns;
}

Program StoreThroughMapping(const FreezeDesign& d) {
  Program p("store");
  const Label fault = p.NewLabel();
  const Label end = p.NewLabel();
  const Label access = p.Here();
  p.Do("store: TLB, page walk", [=](Turn& r) { return Walk(r, Access::kStore, fault); });
  p.Do("store", [=](Turn& r) { return Touch(r, Access::kStore, access); });
  p.Jump("return to user", end);
  p.Bind(fault);
  p.Take(Lock::kMmapLock, Mode::kShared);
  Enter(p, d, Level::kPagefault);
  p.Do("page_mkwrite: lock folio", LockPage);
  p.Sleep("page_mkwrite: wait for writeback", WaitForWriteback);
  p.Do("page_mkwrite: dirty", Dirty);
  p.Do("set_pte", [](Turn& r) { return SetPte(r, 0, 0, true); });
  p.Do("unlock folio", UnlockPage);
  Leave(p, d, Level::kPagefault);
  p.Drop(Lock::kMmapLock);
  p.Jump("fault done", access);
  p.Bind(end);
  return p;
}

Program WriteCall(const FreezeDesign& d, Buffer buffer) {
  Program p("write(2)");
  Enter(p, d, Level::kWrite);
  if (buffer == Buffer::kMapping) {
    p.Take(Lock::kMmapLock, Mode::kShared);
    p.Do("fault the buffer in", [](Turn&) { return Next(); });
    p.Drop(Lock::kMmapLock);
  }
  p.Do("lock folio", LockPage);
  p.Do("dirty", Dirty);
  p.Do("copy", [](Turn& r) { return Write(r, r.w.folios[0], r.t.writer), Next(); });
  p.Do("unlock folio", UnlockPage);
  Leave(p, d, Level::kWrite);
  return p;
}

Program FlushDirty(const FreezeDesign& d) {
  Program p("flusher");
  EmitWritePage(p, d, By::kWriter);
  return p;
}

// Inside write(2) one counted lock is taken a second time by the same task.
Program InternalWrite(const FreezeDesign& d, Inside inside) {
  Program p(inside == Inside::kWrite ? "write(2)" : "background");
  if (inside == Inside::kWrite) Enter(p, d, Level::kWrite);
  const bool again = inside == Inside::kWrite && d.counted && !d.ranked;
  if (again) {
    Look(p, LockOf(d, Level::kInternal));
  } else {
    Enter(p, d, Level::kInternal);
  }
  p.Io("transaction writes the block", [](Turn& r) {
    WriteBlock(r, 0, r.w.extents[0], OnDisk(r.w, 0));
    return Next();
  });
  if (!again) Leave(p, d, Level::kInternal);
  if (inside == Inside::kWrite) Leave(p, d, Level::kWrite);
  return p;
}

Program Sync(const FreezeDesign& d) {
  Program p("sync");
  p.Take(Lock::kUmount, Mode::kShared);
  EmitWritePage(p, d, By::kWriter);
  p.Drop(Lock::kUmount);
  return p;
}

Program FreezeAndThaw(const FreezeDesign& d, int times) {
  Program p("freeze, thaw");
  for (int i = 0; i < times; ++i) {
    p.Take(Lock::kSbWrite, Mode::kExclusive);
    if (d.ranked) p.Take(Lock::kSbPagefault, Mode::kExclusive);
    const Label flushed = p.NewLabel();
    p.Do("sync_filesystem",
         [=](Turn& r) { return r.rules.Hold(Rule::kFreezeFlush) ? Next() : Go(flushed); });
    EmitWritePage(p, d, By::kFreezer);
    p.Bind(flushed);
    if (d.ranked) p.Take(Lock::kSbInternal, Mode::kExclusive);
    p.Do("FROZEN: freeze returns", [](Turn& r) {
      r.w.frozen = 1;
      if (!r.rules.Hold(Rule::kFreezeHolds)) r.t.exclusive = {};
      return Next();
    });
    p.Take(Lock::kUmount, Mode::kExclusive);
    p.Do("THAWED", [](Turn& r) { return r.w.frozen = 0, Next(); });
    if (d.ranked) p.Drop(Lock::kSbInternal).Drop(Lock::kSbPagefault);
    p.Drop(Lock::kSbWrite);
    p.Drop(Lock::kUmount);
  }
  return p;
}

}  // namespace faultline::lab
