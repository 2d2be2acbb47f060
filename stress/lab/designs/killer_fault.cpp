// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/killer_design.h"
#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

using Guard = KillerDesign::Guard;

bool StillCached(const Turn& r) {
  return At(r.w.folios, r.t.folio).state == FolioState::kCached ||
         !r.rules.Hold(Rule::kMappingCheck);
}

bool BeyondEof(const Turn& r) { return r.w.pages_in_file == 0 && r.rules.Hold(Rule::kSizeCheck); }

Flow FindOrAdd(Turn& r, Label found) {
  const int folio = FindFolio(r.w, 0);
  if (folio == kNone) {
    r.t.folio = static_cast<int8_t>(AddFolio(r.w, 0, FolioState::kCached));
    At(r.w.folios, r.t.folio).locked = 1;
    return Next();
  }
  // Being read, or marked by a page-killer: come back for what will be there then.
  if (At(r.w.folios, folio).uptodate == 0) return Wait();
  r.t.folio = static_cast<int8_t>(folio);
  return Go(found);
}

Flow FillPage(Turn& r) {
  Folio& folio = At(r.w.folios, r.t.folio);
  folio.content = r.t.block == kNone ? Content{r.t.sequence, 0} : At(r.w.blocks, r.t.block).content;
  folio.uptodate = 1;
  return Next();
}

Flow LookUpBlock(Turn& r) {
  r.t.block = r.w.extents[0];
  r.t.sequence = r.w.life;
  return Next();
}

// Holding the folio's map count before the PTE is there: what the recheck of 2020-09 rests on.
Flow CountMapping(Turn& r) {
  r.t.buffer = {Pending::kMapcount, r.t.folio};
  return Next();
}

Flow SetCountedPte(Turn& r, bool writable) {
  SetPte(r, 0, r.t.folio, writable);
  --At(r.w.folios, r.t.folio).mapcount;  // counted before
  return Next();
}

class Fault {
 public:
  Fault(Program& p, const KillerDesign& d, Access access)
      : p_(p),
        d_(d),
        store_(access == Access::kStore),
        locks_folio_(d.guard == Guard::kFolioLock || d.guard == Guard::kInvalidateLock ||
                     (store_ && d.guard != Guard::kNothing)),
        fault_(p.NewLabel()),
        access_(p.NewLabel()),
        gone_(p.NewLabel()),
        sigbus_(p.NewLabel()),
        lost_(p.NewLabel()),
        end_(p.NewLabel()) {}

  void Emit(Access access) {
    p_.Bind(access_);
    p_.Do(store_ ? "store: TLB, page walk" : "load: TLB, page walk",
          [=, fault = fault_](Turn& r) { return Walk(r, access, fault); });
    p_.Do(store_ ? "store" : "load",
          [=, again = access_](Turn& r) { return Touch(r, access, again); });
    p_.Jump("return to user", end_);
    p_.Bind(fault_);
    const Label found = p_.NewLabel();
    if (d_.guard == Guard::kInvalidateLock) p_.Take(Lock::kInvalidateLock, Mode::kShared);
    p_.Do("page in the cache?", [=](Turn& r) { return FindOrAdd(r, found); });
    ReadPage();
    p_.Bind(found);
    Map();
    Ends();
    p_.Bind(end_);
  }

 private:
  void ReadPage() {
    p_.Do("i_size?",
          [=, beyond = NewBeyondEof()](Turn& r) { return BeyondEof(r) ? Go(beyond) : Next(); });
    if (d_.Fuse()) {
      DaemonRead();
    } else {
      p_.Do("get_block", LookUpBlock);
      p_.Io("read block", FillPage);
    }
    p_.Do("unlock folio", [](Turn& r) { return UnlockFolio(r), Next(); });
  }

  // READ: the section is the daemon's grace period for blocks it has looked up.
  void DaemonRead() {
    if (d_.client == KillerDesign::Client::kWritesCopy) {
      p_.Do("READ waits for writeback copies", WaitForCopies);
    }
    p_.Take(Lock::kSrcu, Mode::kShared);
    p_.Do("READ: daemon looks up extents", LookUpBlock);
    p_.Do("READ: daemon reads volume, replies", [regrant = d_.regrant](Turn& r) {
      const bool sampled_new = r.w.masked != 0 && r.t.sequence == r.w.life;
      if (sampled_new && regrant && r.rules.Hold(Rule::kRegrant)) r.w.masked = 0;
      return FillPage(r);
    });
    p_.Drop(Lock::kSrcu);
  }

  // A folio was added for a page that does not exist any more.
  Label NewBeyondEof() {
    beyond_eof_ = p_.NewLabel();
    return beyond_eof_;
  }

  void Map() {
    if (locks_folio_) LockAndCheck();
    if (store_) MakeWritable();
    Guarded();
    p_.Take(Lock::kPageTable, Mode::kExclusive);
    if (d_.Recheck()) {
      InstallCounted();
    } else {
      p_.Do("pte_none? set_pte", [=, writable = store_](Turn& r) { return Install(r, writable); });
    }
    p_.Drop(Lock::kPageTable);
    Unguard();
    p_.Jump("fault done", access_);
  }

  void LockAndCheck() {
    p_.Do("lock folio", LockFolio);
    p_.Do("->mapping, i_size?", [gone = gone_, bus = sigbus_](Turn& r) {
      if (!StillCached(r)) return Go(gone);
      return BeyondEof(r) ? Go(bus) : Next();
    });
  }

  void MakeWritable() {
    p_.Sleep("page_mkwrite: wait for writeback", [=](Turn& r) {
      const bool busy = At(r.w.folios, r.t.folio).writeback != 0 || r.w.copies != 0;
      return busy ? Wait() : Next();
    });
    p_.Do("page_mkwrite: dirty", [](Turn& r) {
      if (r.rules.Hold(Rule::kRedirty)) At(r.w.folios, r.t.folio).dirty = 1;
      return Next();
    });
  }

  void Guarded() {
    if (d_.guard == Guard::kIMmapRwsem) p_.Take(Lock::kIMmapRwsem, Mode::kShared);
    if (d_.guard == Guard::kPrivateLock) p_.Take(Lock::kPrivateLock, Mode::kExclusive);
    if (d_.guard == Guard::kIMmapRwsem || d_.guard == Guard::kPrivateLock) {
      const Label gone = lost_;
      p_.Do("->mapping?", [=](Turn& r) { return StillCached(r) ? Next() : Go(gone); });
    }
  }

  void InstallCounted() {
    const Label out = p_.NewLabel();
    const Label killed = p_.NewLabel();
    p_.Do("pte_none?", [=, writable = store_](Turn& r) {
      const Translation& pte = r.w.tables[0].pte;
      if (pte.folio == kNone) return Next();
      if (pte.folio == r.t.folio && writable) r.w.tables[0].pte.writable = 1;
      return Go(out);
    });
    p_.Do("++mapcount", CountMapping);
    if (d_.guard == Guard::kUptodate) {
      p_.Do("smp_mb", [](Turn& r) {
        if (r.rules.Hold(Rule::kBarrier)) Drain(r.w, r.t);
        return Next();
      });
    }
    p_.Do("uptodate?",
          [=](Turn& r) { return At(r.w.folios, r.t.folio).uptodate ? Next() : Go(killed); });
    p_.Do("set_pte", [writable = store_](Turn& r) { return SetCountedPte(r, writable); });
    p_.Jump("installed", out);
    p_.Bind(killed);
    p_.Do("--mapcount", [](Turn& r) {
      Drain(r.w, r.t);
      --At(r.w.folios, r.t.folio).mapcount;
      return Next();
    });
    p_.Bind(out);
  }

  static Flow Install(Turn& r, bool writable) {
    const Translation& pte = r.w.tables[0].pte;
    const bool other = pte.folio != kNone && pte.folio != r.t.folio;
    const bool enough = pte.folio == r.t.folio && (pte.writable != 0 || !writable);
    if ((other || enough) && r.rules.Hold(Rule::kRefault)) return Next();
    return SetPte(r, 0, r.t.folio, writable);
  }

  void Unguard() {
    if (d_.guard == Guard::kIMmapRwsem) p_.Drop(Lock::kIMmapRwsem);
    if (d_.guard == Guard::kPrivateLock) p_.Drop(Lock::kPrivateLock);
    Unlock();
  }

  void Unlock() {
    if (locks_folio_) p_.Do("unlock folio", [](Turn& r) { return UnlockFolio(r), Next(); });
    if (d_.guard == Guard::kInvalidateLock) p_.Drop(Lock::kInvalidateLock);
  }

  void Ends() {
    p_.Bind(lost_);
    if (d_.guard == Guard::kIMmapRwsem || d_.guard == Guard::kPrivateLock) {
      Unguard();
      p_.Jump("gone: retry", fault_);
    }
    p_.Bind(gone_);
    Unlock();
    p_.Jump("gone: retry", fault_);
    p_.Bind(beyond_eof_);
    p_.Do("remove the new folio", [](Turn& r) {
      At(r.w.folios, r.t.folio).state = FolioState::kRemoved;
      return Next();
    });
    if (!locks_folio_) p_.Do("unlock folio", [](Turn& r) { return UnlockFolio(r), Next(); });
    p_.Bind(sigbus_);
    Unlock();
    p_.Jump("SIGBUS", end_);
  }

  Program& p_;
  const KillerDesign& d_;
  const bool store_;
  const bool locks_folio_;
  const Label fault_;
  const Label access_;
  const Label gone_;
  const Label sigbus_;
  const Label lost_;
  const Label end_;
  Label beyond_eof_;
};

// The device's bytes are not those of the access that faulted the page in.
constexpr int kDmaWriter = 4;

bool Dead(const Folio& folio) {
  return folio.state == FolioState::kRemoved && folio.mapcount == 0 && folio.pins == 0;
}

Flow PinFromPte(Turn& r, Label fault) {
  const PageTable& table = r.w.tables[0];
  if (table.pte.folio == kNone || table.pte.writable == 0) return Go(fault);
  r.t.folio = table.pte.folio;
  return Next();
}

Flow TryGetFolio(Turn& r, Label fault) {
  Folio& folio = At(r.w.folios, r.t.folio);
  if (Dead(folio)) return Go(fault);
  ++folio.pins;
  return Next();
}

}  // namespace

void EmitAccess(Program& p, const KillerDesign& d, Access access) {
  Fault(p, d, access).Emit(access);
}

Program AccessPage(const KillerDesign& d, Access access) {
  Program p(access == Access::kStore ? "store" : "load");
  EmitAccess(p, d, access);
  return p;
}

Program WriteThroughPin(const KillerDesign& d) {
  Program p("get_user_pages");
  const Label again = p.Here();
  const Label pinned = p.NewLabel();
  const Label fault = p.NewLabel();
  const Label back = p.NewLabel();
  p.Do("gup_fast: read PTE", [=](Turn& r) { return PinFromPte(r, fault); });
  p.Do("gup_fast: get folio", [=](Turn& r) { return TryGetFolio(r, fault); });
  p.Do("gup_fast: PTE still the same?", [=](Turn& r) {
    return r.w.tables[0].pte.folio == r.t.folio || !r.rules.Hold(Rule::kRefault) ? Go(pinned)
                                                                                 : Go(back);
  });
  p.Bind(back);
  p.Do("put folio", [](Turn& r) { return --At(r.w.folios, r.t.folio).pins, Next(); });
  p.Bind(fault);
  EmitAccess(p, d, Access::kStore);
  p.Jump("again", again);
  p.Bind(pinned);
  p.Do("DMA writes the page", [](Turn& r) {
    return Write(r, At(r.w.folios, r.t.folio), r.t.writer + kDmaWriter), Next();
  });
  p.Do("set_page_dirty, unpin", [](Turn& r) {
    Folio& folio = At(r.w.folios, r.t.folio);
    folio.dirty = folio.state == FolioState::kCached;
    --folio.pins;
    return Next();
  });
  return p;
}

}  // namespace faultline::lab
