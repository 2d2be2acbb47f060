// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/mapping_design.h"
#include "lab/model/locking.h"

// The race of 2020-12: a page is write-protected, the TLB flush is still to come, a copy-on-write
// fault copies it, and a CPU with the old writable TLB entry stores into the original.

namespace faultline::lab {
namespace {

using Hold = MappingDesign::Hold;

// What the fault holds, as far as it excludes anything here: the VMA itself does not change, so
// SRCU, counts and RCU all come to the same.
void Enter(Program& p, const MappingDesign& d, Mode mode) {
  if (d.hold == Hold::kRange) {
    p.Take(Lock::kRange0, mode);
  } else if (d.hold == Hold::kMmapLock || mode == Mode::kExclusive) {
    p.Take(Lock::kMmapLock, mode);
  } else {
    p.Take(d.hold == Hold::kSrcu ? Lock::kSrcu : Lock::kRcu, mode);
  }
}

void Leave(Program& p, const MappingDesign& d, Mode mode) {
  if (d.hold == Hold::kRange) {
    p.Drop(Lock::kRange0);
  } else if (d.hold == Hold::kMmapLock || mode == Mode::kExclusive) {
    p.Drop(Lock::kMmapLock);
  } else {
    p.Drop(d.hold == Hold::kSrcu ? Lock::kSrcu : Lock::kRcu);
  }
}

Flow CopyPage(Turn& r) {
  r.t.payload = At(r.w.folios, r.t.folio).content;
  return Next();
}

bool StillProtected(const Turn& r) {
  const Translation& pte = At(r.w.tables, 0).pte;
  return pte.folio == r.t.folio && pte.writable == 0;
}

Flow ClearAndFlush(Turn& r) {
  At(r.w.tables, 0).pte = {};
  --At(r.w.folios, r.t.folio).mapcount;
  return FlushTlb(r, 0);
}

Flow SetCopy(Turn& r) {
  const int copy = AddFolio(r.w, 0, FolioState::kCached);
  Folio& folio = At(r.w.folios, copy);
  folio.uptodate = folio.dirty = 1;
  folio.content = r.t.payload;
  return SetPte(r, 0, copy, true);
}

void EmitCopy(Program& p, Protection protection, Label lost) {
  if (protection.flush_under_ptl) {
    p.Do("copy page under ptl", CopyPage);
    return;
  }
  p.Drop(Lock::kPageTable);
  p.Do("copy page", CopyPage);
  p.Take(Lock::kPageTable, Mode::kExclusive);
  p.Do("pte_same?", [=](Turn& r) {
    return StillProtected(r) || !r.rules.Hold(Rule::kRefault) ? Next() : Go(lost);
  });
}

}  // namespace

Program WriteProtect(const MappingDesign& d, Protection protection) {
  Program p("write-protect");
  const Mode mode = protection.mode;
  // Reader or writer of mmap_lock whatever faults hold: that is what the mails compare.
  const Lock lock = d.hold == Hold::kRange ? Lock::kRange0 : Lock::kMmapLock;
  p.Take(lock, mode);
  p.Take(Lock::kPageTable, Mode::kExclusive);
  p.Do("write-protect PTE", [](Turn& r) {
    At(r.w.tables, 0).pte.writable = 0;
    return Next();
  });
  if (!protection.flush_under_ptl) p.Drop(Lock::kPageTable);
  p.Do("flush TLB", [](Turn& r) { return FlushTlb(r, 0); });
  if (protection.flush_under_ptl) p.Drop(Lock::kPageTable);
  p.Drop(lock);
  return p;
}

Program CopyOnWriteStore(const MappingDesign& d, Protection protection) {
  Program p("COW store");
  const Label again = p.Here();
  const Label fault = p.NewLabel();
  const Label lost = p.NewLabel();
  const Label end = p.NewLabel();
  p.Do("store: TLB, page walk", [=](Turn& r) { return Walk(r, Access::kStore, fault); });
  p.Do("store", [=](Turn& r) { return Touch(r, Access::kStore, again); });
  p.Jump("return to user", end);
  p.Bind(fault);
  Enter(p, d, Mode::kShared);
  p.Take(Lock::kPageTable, Mode::kExclusive);
  p.Do("PTE write-protected?", [=](Turn& r) {
    r.t.folio = At(r.w.tables, 0).pte.folio;
    return StillProtected(r) ? Next() : Go(lost);
  });
  EmitCopy(p, protection, lost);
  p.Do("clear PTE, flush TLB", ClearAndFlush);
  p.Do("set PTE to the copy", SetCopy);
  p.Bind(lost).Drop(Lock::kPageTable);
  Leave(p, d, Mode::kShared);
  p.Jump("fault done", again);
  p.Bind(end);
  return p;
}

}  // namespace faultline::lab
