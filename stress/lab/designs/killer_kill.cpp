// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/killer_design.h"
#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

using Guard = KillerDesign::Guard;

Flow FindCached(Turn& r, Label nothing) {
  const int folio = FindFolio(r.w, 0);
  if (folio == kNone) return Go(nothing);
  r.t.folio = static_cast<int8_t>(folio);
  return Next();
}

// unmap_mapping_pages() looks at every table under its lock, and takes PTEs of this folio only.
Flow Unmap(Turn& r) {
  if (r.w.tables[0].pte.folio == r.t.folio) return Zap(r, 0);
  const bool locked = HeldByAnyone(r.w, Lock::kPageTable) && !r.t.exclusive.Has(Lock::kPageTable);
  return locked && r.rules.Hold(Rule::kExclusion) ? Wait() : Next();
}

Flow WaitForWriteback(Turn& r) {
  const bool busy = At(r.w.folios, r.t.folio).writeback != 0;
  return busy && r.rules.Hold(Rule::kWaitWriteback) ? Wait() : Next();
}

Flow Launder(Turn& r, bool fuse) {
  Folio& folio = At(r.w.folios, r.t.folio);
  if (folio.dirty != 0 && r.w.copies != 0) return Wait();
  const bool drop = fuse && r.w.masked != 0 && r.rules.Hold(Rule::kMask);
  if (folio.dirty != 0 && !drop) WriteBlock(r, 0, r.w.extents[0], folio.content);
  folio.dirty = 0;
  return Next();
}

Flow RemoveFolio(Turn& r) {
  At(r.w.folios, r.t.folio).state = FolioState::kRemoved;
  At(r.w.folios, r.t.folio).dirty = 0;
  return Next();
}

// One removal from the page cache, in the kernel's lock order: folio, then i_mmap_rwsem, then
// private_lock and page table.
class Removal {
 public:
  Removal(Program& p, const KillerDesign& d)
      : p_(p),
        d_(d),
        locks_(d.guard != Guard::kNothing),
        nothing_(p.NewLabel()),
        out_(p.NewLabel()) {}

  void Emit(Dirty dirty) {
    p_.Do("page in the cache?", [out = nothing_](Turn& r) { return FindCached(r, out); });
    EmitUntilUnmapped(dirty);
    p_.Do("remove from the page cache", RemoveFolio);
    p_.Bind(out_);
    LeaveGuard();
    if (locks_) p_.Do("unlock folio", [](Turn& r) { return UnlockFolio(r), Next(); });
    p_.Bind(nothing_);
  }

  // Migration: the same exclusion, but the page lives on in another folio and keeps its mark.
  void EmitMove() {
    p_.Do("page in the cache?", [out = nothing_](Turn& r) { return FindCached(r, out); });
    if (locks_) p_.Do("lock folio", LockFolio);
    p_.Sleep("wait for writeback", WaitForWriteback);
    EnterGuard();
    if (d_.guard == Guard::kPrivateLock) {
      SpinUntilUnmapped();
    } else {
      UnmapNow();
    }
    p_.Do("pinned?", [out = out_](Turn& r) {
      const Folio& folio = At(r.w.folios, r.t.folio);
      const bool busy = folio.pins != 0 && r.rules.Hold(Rule::kPinnedNotMoved);
      return busy || folio.state != FolioState::kCached || folio.uptodate == 0 ? Go(out) : Next();
    });
    p_.Do("copy to a new folio", [](Turn& r) {
      r.t.payload = At(r.w.folios, r.t.folio).content;
      return Next();
    });
    p_.Do("replace it in the page cache", Replace);
    p_.Bind(out_);
    LeaveGuard();
    if (locks_) p_.Do("unlock folio", [](Turn& r) { return UnlockFolio(r), Next(); });
    p_.Bind(nothing_);
  }

 private:
  void EmitUntilUnmapped(Dirty dirty) {
    if (d_.guard == Guard::kNothing) {
      UnmapNow();
      p_.Sleep("wait for writeback", WaitForWriteback);
      HandleDirty(dirty);
      return;
    }
    p_.Do("lock folio", LockFolio);
    p_.Do("still cached?", [out = out_](Turn& r) {
      return At(r.w.folios, r.t.folio).state == FolioState::kCached ? Next() : Go(out);
    });
    p_.Sleep("wait for writeback", WaitForWriteback);
    EnterGuard();
    if (d_.Recheck()) {
      KillMappings();
    } else {
      UnmapNow();
    }
    HandleDirty(dirty);
    if (d_.guard == Guard::kPrivateLock) SpinUntilUnmapped();
  }

  void EnterGuard() {
    if (d_.guard == Guard::kIMmapRwsem) p_.Take(Lock::kIMmapRwsem, Mode::kExclusive);
  }

  void LeaveGuard() {
    if (d_.guard == Guard::kIMmapRwsem) p_.Drop(Lock::kIMmapRwsem);
    if (d_.guard == Guard::kPrivateLock) p_.Drop(Lock::kPrivateLock);
  }

  void UnmapNow() {
    p_.Do("zap PTE", Unmap);
    p_.Do("flush TLB", [](Turn& r) { return FlushTlb(r, 0); });
  }

  // page_kill_mappings() of 2020-09.
  void KillMappings() {
    const Label unmapped = p_.NewLabel();
    p_.Do("clear uptodate", [](Turn& r) {
      r.t.buffer = {Pending::kNotUptodate, r.t.folio};
      return Next();
    });
    if (d_.guard == Guard::kUptodate) {
      p_.Do("smp_mb", [](Turn& r) {
        if (r.rules.Hold(Rule::kBarrier)) Drain(r.w, r.t);
        return Next();
      });
    }
    p_.Do("page_mapped?",
          [=](Turn& r) { return At(r.w.folios, r.t.folio).mapcount == 0 ? Go(unmapped) : Next(); });
    UnmapNow();
    p_.Bind(unmapped);
  }

  // Unmapping sleeps, so it cannot be done under the spinlock; what was mapped again meanwhile
  // is seen there.
  void SpinUntilUnmapped() {
    const Label again = p_.Here();
    const Label unmapped = p_.NewLabel();
    UnmapNow();
    p_.Take(Lock::kPrivateLock, Mode::kExclusive);
    p_.Do("page_mapped?",
          [=](Turn& r) { return At(r.w.folios, r.t.folio).mapcount == 0 ? Go(unmapped) : Next(); });
    p_.Drop(Lock::kPrivateLock);
    p_.Jump("mapped again", again);
    p_.Bind(unmapped);
  }

  void HandleDirty(Dirty dirty) {
    if (dirty == Dirty::kWrite) {
      p_.Sleep("launder", [fuse = d_.Fuse()](Turn& r) { return Launder(r, fuse); });
    } else if (dirty == Dirty::kLeave) {
      p_.Do("dirty again? left in place", [out = out_](Turn& r) {
        return At(r.w.folios, r.t.folio).dirty != 0 ? Go(out) : Next();
      });
    }
  }

  static Flow Replace(Turn& r) {
    Folio& old = At(r.w.folios, r.t.folio);
    const uint8_t was_dirty = old.dirty;
    old.state = FolioState::kRemoved;
    old.dirty = 0;
    Folio& copy = At(r.w.folios, AddFolio(r.w, 0, FolioState::kCached));
    copy.content = r.t.payload;
    copy.dirty = was_dirty;
    copy.uptodate = 1;
    return Next();
  }

  Program& p_;
  const KillerDesign& d_;
  const bool locks_;
  const Label nothing_;
  const Label out_;
};

Flow Return(Turn& r) {
  r.w.killed = 1;
  return Next();
}

void EmitNativeKill(Program& p, const KillerDesign& d, Killer killer) {
  const bool lock = d.guard == Guard::kInvalidateLock && killer != Killer::kMigrate;
  const bool direct = killer == Killer::kDirectWrite;
  if (lock) p.Take(Lock::kInvalidateLock, Mode::kExclusive);
  if (killer == Killer::kTruncate)
    p.Do("i_size = 0", [](Turn& r) { return r.w.pages_in_file = 0, Next(); });
  if (killer == Killer::kMigrate) {
    Removal(p, d).EmitMove();
  } else {
    EmitRemovePage(p, d, direct ? Dirty::kWrite : Dirty::kDiscard);
    p.Sleep("new extent map, old block free", [=](Turn& r) { return Publish(r, killer, false); });
  }
  if (direct) EmitRemovePage(p, d, Dirty::kLeave);
  if (lock) p.Drop(Lock::kInvalidateLock);
}

}  // namespace

void EmitRemovePage(Program& p, const KillerDesign& d, Dirty dirty) { Removal(p, d).Emit(dirty); }

Flow Publish(Turn& r, Killer killer, bool grace) {
  if (killer == Killer::kEdge) return Next();
  ++r.w.life;
  const int8_t old = r.w.extents[0];
  if (killer == Killer::kDirectWrite && !grace) {
    At(r.w.blocks, old).content = {r.w.life, 0};  // in place
    return Next();
  }
  int8_t fresh = kNone;
  if (killer == Killer::kCollapse) fresh = 1;
  if (killer == Killer::kDirectWrite) fresh = static_cast<int8_t>(AllocateBlock(r.w));
  if (fresh != kNone) At(r.w.blocks, fresh) = {Owner::kFile, {r.w.life, 0}};
  r.w.extents[0] = fresh;
  if (old == kNone) return Next();
  const bool retire = grace && r.rules.Hold(Rule::kReclaimGrace);
  At(r.w.blocks, old) = {retire ? Owner::kRetired : Owner::kNobody, At(r.w.blocks, old).content};
  if (retire) BeginGrace(r.w);
  return Next();
}

Program Kill(const KillerDesign& d, Killer killer) {
  static constexpr std::array<const char*, 6> kNames = {
      "truncate", "punch", "collapse", "direct write", "migrate", "edge of a punch"};
  Program p(kNames[static_cast<size_t>(killer)]);
  if (d.Fuse()) {
    EmitDaemonKill(p, d, killer);
  } else {
    EmitNativeKill(p, d, killer);
  }
  p.Do("return", Return);
  return p;
}

}  // namespace faultline::lab
