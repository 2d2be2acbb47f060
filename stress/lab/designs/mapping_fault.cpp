// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/mapping_design.h"
#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

using Hold = MappingDesign::Hold;
using Io = MappingDesign::Io;

Vma& UseVma(Turn& r) {
  Vma& vma = At(r.w.vmas, r.t.vma);
  if (vma.state == VmaState::kFreed) r.Fail(Violation::kFreedVma);
  return vma;
}

int FindVma(const World& w, int page) {
  for (int i = 0; i < kVmas; ++i) {
    const Vma& vma = At(w.vmas, i);
    if (vma.state == VmaState::kLinked && vma.first <= page && page <= vma.last) return i;
  }
  return kNone;
}

Flow PutVma(Turn& r) {
  Vma& vma = UseVma(r);
  if (--vma.references == 0 && vma.state == VmaState::kDetached) {
    vma.state = VmaState::kRetired;
    BeginGrace(r.w);
  }
  return Next();
}

// One page fault. The members are the phases; each appends the steps that its design has.
class Fault {
 public:
  Fault(Program& p, const MappingDesign& d, Lock fs_lock)
      : p_(p),
        d_(d),
        fs_lock_(fs_lock),
        lookup_(p.NewLabel()),
        slow_(p.NewLabel()),
        access_(p.NewLabel()),
        end_(p.NewLabel()) {}

  void Emit(Access access) {
    p_.Bind(access_);
    p_.Do(access == Access::kLoad ? "load: TLB, page walk" : "store: TLB, page walk",
          [=, fault = lookup_](Turn& r) { return Walk(r, access, fault); });
    p_.Do(access == Access::kLoad ? "load" : "store",
          [=, again = access_](Turn& r) { return Touch(r, access, again); });
    p_.Jump("return to user", end_);
    p_.Bind(lookup_);
    Attempt(d_.hold, d_.io);
    if (d_.io == Io::kFallBackToMmapLock) SlowPath(Hold::kMmapLock);
    if (d_.io == Io::kFallBackToCount) SlowPath(Hold::kCount);
    p_.Bind(end_);
  }

  void EmitGup(bool out_parameter) {
    const Hold hold = d_.io == Io::kFallBackToMmapLock ? Hold::kMmapLock
                      : d_.io == Io::kFallBackToCount  ? Hold::kCount
                                                       : d_.hold;
    const bool drops = d_.io == Io::kDropAndRetry;
    const Label segv = p_.NewLabel();
    const Label use = p_.NewLabel();
    Enter(hold, segv);
    PageCached(use);
    if (drops) Leave(hold);
    DoIo(d_.io);
    if (drops) p_.Take(Lock::kMmapLock, Mode::kShared);
    if (drops && out_parameter) Find(hold, segv);
    p_.Bind(use);
    p_.Do("after get_user_pages: use vma", [](Turn& r) { return UseVma(r), Next(); });
    Leave(hold);
    p_.Jump("pinned", end_);
    p_.Bind(segv);
    if (hold != Hold::kCount) Leave(hold);
    p_.Bind(lookup_).Bind(slow_).Bind(access_).Bind(end_);
  }

 private:
  void SlowPath(Hold hold) {
    p_.Bind(slow_);
    Attempt(hold, Io::kUnderHold);
  }

  void Attempt(Hold hold, Io io) {
    const Label install = p_.NewLabel();
    const Label segv = p_.NewLabel();
    Enter(hold, segv);
    PageCached(install);
    ReadPage(hold, io);
    p_.Bind(install);
    Install(hold);
    Leave(hold);
    p_.Jump("fault done", access_);
    p_.Bind(segv);
    if (hold != Hold::kCount) Leave(hold);
    p_.Do("SIGSEGV", [end = end_](Turn& r) {
      r.t.flag = kFaultFailed;
      return Go(end);
    });
  }

  void PageCached(Label yes) {
    p_.Do("page cached and uptodate?", [=](Turn& r) {
      const Vma& vma = UseVma(r);
      r.t.folio = static_cast<int8_t>(FindFolio(r.w, r.t.page - vma.first + vma.offset));
      return At(r.w.folios, r.t.folio).uptodate != 0 ? Go(yes) : Next();
    });
  }

  void Enter(Hold hold, Label segv) {
    if (hold == Hold::kMmapLock) p_.Take(Lock::kMmapLock, Mode::kShared);
    if (hold == Hold::kRange) TakeOwnRange();
    if (hold == Hold::kSrcu)
      p_.Take(Lock::kSrcu, Mode::kShared).Take(Lock::kMmapLock, Mode::kShared);
    if (hold == Hold::kRcu || hold == Hold::kCount) p_.Take(Lock::kRcu, Mode::kShared);
    Find(hold, segv);
    if (hold == Hold::kSrcu) p_.Drop(Lock::kMmapLock);
    if (hold == Hold::kCount) p_.Drop(Lock::kRcu);
  }

  void Find(Hold hold, Label segv) {
    const bool count = hold == Hold::kCount;
    const Label gone = p_.NewLabel();
    const Label found = p_.NewLabel();
    p_.Do(count ? "find_vma, get reference" : "find_vma", [=](Turn& r) {
      const int vma = FindVma(r.w, r.t.page);
      if (vma == kNone) return Go(gone);
      r.t.vma = static_cast<int8_t>(vma);
      r.t.sequence = At(r.w.vmas, vma).sequence;
      if (count) ++At(r.w.vmas, vma).references;
      return Go(found);
    });
    p_.Bind(gone);
    if (hold == Hold::kSrcu) p_.Drop(Lock::kMmapLock);
    if (count) p_.Drop(Lock::kRcu);
    p_.Jump("no VMA", segv);
    p_.Bind(found);
  }

  void TakeOwnRange() {
    p_.Do("range_read_lock(address)", [](Turn& r) { return TakeShared(r, RangeOf(r.t.page)); });
  }

  void Leave(Hold hold) {
    if (hold == Hold::kMmapLock) p_.Drop(Lock::kMmapLock);
    if (hold == Hold::kSrcu) p_.Drop(Lock::kSrcu);
    if (hold == Hold::kRcu) p_.Drop(Lock::kRcu);
    if (hold == Hold::kCount) p_.Do("put VMA", PutVma);
    if (hold == Hold::kRange) {
      p_.Do("range_read_unlock", [](Turn& r) { return DropLock(r, RangeOf(r.t.page)); });
    }
  }

  void ReadPage(Hold hold, Io io) {
    if (io == Io::kFallBackToMmapLock || io == Io::kFallBackToCount) {
      Leave(hold);
      p_.Jump("would sleep: slow path", slow_);
      return;
    }
    if (io == Io::kDropAndRetry) {
      p_.Do("get_file", [](Turn& r) { return UseVma(r), Next(); });
      Leave(hold);
    }
    DoIo(io);
    if (io == Io::kDropAndRetry) p_.Jump("VM_FAULT_RETRY", lookup_);
  }

  void DoIo(Io io) {
    const bool from_vma = io != Io::kDropAndRetry;
    if (fs_lock_ != Lock::kCount) p_.Take(fs_lock_, Mode::kShared);
    p_.Io("->fault: read the page", [=](Turn& r) {
      if (from_vma) UseVma(r);
      At(r.w.folios, r.t.folio).uptodate = 1;
      return Next();
    });
    if (fs_lock_ != Lock::kCount) p_.Drop(fs_lock_);
  }

  // The table is reached again from the mm only by the recheck; without it the pointer of the
  // first walk is used.
  void Install(Hold hold) {
    const bool own_walk = hold == Hold::kCount && d_.recheck;
    const bool recheck = d_.recheck && hold != Hold::kMmapLock;
    const Label stale = p_.NewLabel();
    const Label done = p_.NewLabel();
    if (own_walk) p_.Take(Lock::kRcu, Mode::kShared);
    p_.Do(recheck ? "walk again, spin_lock ptl" : "spin_lock ptl", [=](Turn& r) {
      if (recheck && At(r.w.tables, r.t.page).state != TableState::kLive) return Go(stale);
      TableIsLive(r, r.t.page);
      return TakeExclusive(r, Lock::kPageTable);
    });
    const Label changed = p_.NewLabel();
    if (recheck)
      p_.Do("recheck VMA, sequence, table",
            [=](Turn& r) { return Unchanged(r) ? Next() : Go(changed); });
    p_.Do("set_pte", [](Turn& r) {
      UseVma(r);
      return SetPte(r, r.t.page, r.t.folio, true);
    });
    p_.Drop(Lock::kPageTable);
    p_.Jump("installed", done);
    if (recheck) Retry(hold, own_walk, changed, stale);
    p_.Bind(done);
    if (own_walk) p_.Drop(Lock::kRcu);
  }

  static bool Unchanged(Turn& r) {
    const Vma& vma = UseVma(r);
    return vma.state == VmaState::kLinked && vma.sequence == r.t.sequence &&
           vma.sequence % 2 == 0 && TableIsLive(r, r.t.page);
  }

  void Retry(Hold hold, bool own_walk, Label changed, Label stale) {
    p_.Bind(changed).Drop(Lock::kPageTable);
    p_.Bind(stale);
    if (own_walk) p_.Drop(Lock::kRcu);
    Leave(hold);
    p_.Jump("changed: start over", d_.io == Io::kFallBackToMmapLock ? slow_ : lookup_);
  }

  Program& p_;
  const MappingDesign& d_;
  const Lock fs_lock_;
  const Label lookup_;
  const Label slow_;
  const Label access_;
  const Label end_;
};

}  // namespace

void EmitAccess(Program& p, const MappingDesign& d, Access access, Lock fs_lock) {
  Fault(p, d, fs_lock).Emit(access);
}

void EmitGupThatKeepsVma(Program& p, const MappingDesign& d, bool out_parameter) {
  Fault(p, d, Lock::kCount).EmitGup(out_parameter);
}

}  // namespace faultline::lab
