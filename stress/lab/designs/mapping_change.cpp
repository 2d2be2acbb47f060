// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include "lab/designs/mapping_design.h"
#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

using Hold = MappingDesign::Hold;
using Sync = MappingDesign::Sync;

void BeginChange(Turn& r, int vma) {
  if (r.rules.Hold(Rule::kSequence)) ++At(r.w.vmas, vma).sequence;
}

// Takes the VMA of the old address out of the tree; later lookups do not find it.
Flow Detach(Turn& r) {
  BeginChange(r, 0);
  At(r.w.vmas, 0).state = VmaState::kDetached;
  return Next();
}

Flow FreeTables(Turn& r, const MappingDesign& d, int pages) {
  for (int page = 0; page < pages; ++page) {
    PageTable& table = At(r.w.tables, page);
    table.state = d.Lockless() ? TableState::kRetired : TableState::kFreed;
    table.pte = {};
  }
  if (d.Lockless()) BeginGrace(r.w);
  return Next();
}

Flow FreeVma(Turn& r, const MappingDesign& d) {
  Vma& vma = At(r.w.vmas, 0);
  const bool counted = d.hold == Hold::kCount || d.io == MappingDesign::Io::kFallBackToCount;
  if (counted && vma.references > 0 && r.rules.Hold(Rule::kReference)) return Next();
  vma.state = d.Lockless() ? VmaState::kRetired : VmaState::kFreed;
  if (d.Lockless()) BeginGrace(r.w);
  return Next();
}

// One request for the whole range: it queues, and is overtaken by nobody, on all of it.
Flow TakeRanges(Turn& r, int pages) {
  return TakeExclusive(r, pages == 1 ? std::initializer_list<Lock>{Lock::kRange0}
                                     : std::initializer_list<Lock>{Lock::kRange0, Lock::kRange1});
}

class Changer {
 public:
  Changer(Program& p, const MappingDesign& d, int pages, int ranges)
      : p_(p), d_(d), pages_(pages), ranges_(ranges) {}

  void Begin() {
    if (d_.hold == Hold::kRange) {
      p_.Do("range_write_lock", [n = ranges_](Turn& r) { return TakeRanges(r, n); });
    } else {
      p_.Take(Lock::kMmapLock, Mode::kExclusive);
    }
  }

  void End() {
    if (d_.hold == Hold::kRange) {
      for (int page = 0; page < ranges_; ++page) p_.Drop(RangeOf(page));
    } else {
      p_.Drop(Lock::kMmapLock);
    }
  }

  void Synchronize() {
    p_.Do("synchronize_srcu begins", [](Turn& r) { return BeginGrace(r.w), Next(); });
    p_.Sleep("synchronize_srcu",
             [](Turn& r) { return GraceEnded(r.w, r.rules) ? Next() : Wait(); });
  }

  void Unmap() {
    for (int page = 0; page < pages_; ++page) {
      p_.Do("zap PTE", [=](Turn& r) { return Zap(r, page); });
      p_.Do("flush TLB", [=](Turn& r) { return FlushTlb(r, page); });
    }
    p_.Do("free page table", [d = d_, n = pages_](Turn& r) { return FreeTables(r, d, n); });
    p_.Do(d_.Lockless() ? "call_rcu: free VMA" : "free VMA",
          [d = d_](Turn& r) { return FreeVma(r, d); });
  }

  void Return() {
    p_.Do("return", [n = pages_](Turn& r) {
      r.w.unmapped = static_cast<uint8_t>((1u << n) - 1);
      return Next();
    });
  }

 private:
  Program& p_;
  const MappingDesign& d_;
  const int pages_;
  const int ranges_;
};

void EmitUnmap(Changer& c, Program& p, const MappingDesign& d) {
  c.Begin();
  p.Do("VMA off the tree", Detach);
  if (d.sync == Sync::kAfterUnlock) c.End();
  if (d.sync != Sync::kNo) c.Synchronize();
  c.Unmap();
  if (d.sync != Sync::kAfterUnlock) c.End();
  c.Return();
}

Flow LinkCopy(Turn& r) {
  At(r.w.vmas, 1) = {VmaState::kLinked, 1, 1, 0, 0, 0};
  BeginChange(r, 0);
  BeginChange(r, 1);
  return Next();
}

// move_ptes(): both page-table locks held. Somebody else's entry at the new address would be lost.
Flow MovePte(Turn& r) {
  if (HeldByAnyone(r.w, Lock::kPageTable)) return Wait();
  Translation& from = At(r.w.tables, 0).pte;
  Translation& to = At(r.w.tables, 1).pte;
  if (to.folio != kNone) r.Fail(Violation::kPteOverwritten);
  to = from;
  from = {};
  return Next();
}

void EmitMremap(Changer& c, Program& p, const MappingDesign& d) {
  c.Begin();
  p.Do("copy VMA to the new address", LinkCopy);
  p.Do("move PTE", MovePte);
  p.Do("flush TLB of the old address", [](Turn& r) { return FlushTlb(r, 0); });
  p.Do("old VMA off the tree", Detach);
  if (d.sync == Sync::kAfterUnlock) c.End();
  if (d.sync != Sync::kNo) c.Synchronize();
  c.Unmap();
  p.Do("new VMA is settled", [](Turn& r) { return BeginChange(r, 1), Next(); });
  if (d.sync != Sync::kAfterUnlock) c.End();
  c.Return();
}

}  // namespace

Program ChangeMapping(const MappingDesign& d, Change change) {
  static constexpr std::array<const char*, 4> kNames = {"munmap", "munmap both", "exit", "mremap"};
  const bool everything = change == Change::kMunmapBoth || change == Change::kExit;
  Program p(kNames[static_cast<size_t>(change)]);
  Changer c(p, d, everything ? kPages : 1, change == Change::kMunmap ? 1 : kPages);
  if (change == Change::kMremap) {
    EmitMremap(c, p, d);
  } else {
    EmitUnmap(c, p, d);
  }
  return p;
}

}  // namespace faultline::lab
