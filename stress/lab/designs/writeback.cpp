// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/killer_design.h"
#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

using Client = KillerDesign::Client;

Flow FindDirty(Turn& r, Label nothing) {
  const int folio = FindFolio(r.w, 0);
  if (folio == kNone || At(r.w.folios, folio).dirty == 0) return Go(nothing);
  r.t.folio = static_cast<int8_t>(folio);
  return Next();
}

bool StillDirty(const Turn& r) {
  const Folio& folio = At(r.w.folios, r.t.folio);
  return folio.state == FolioState::kCached && folio.dirty != 0;
}

Flow WriteProtectPte(Turn& r) {
  if (!r.rules.Hold(Rule::kWriteProtect)) return Next();
  if (HeldByAnyone(r.w, Lock::kPageTable) && r.rules.Hold(Rule::kExclusion)) return Wait();
  Translation& pte = r.w.tables[0].pte;
  if (pte.folio == r.t.folio) pte.writable = 0;
  return Next();
}

// The block is looked up and the I/O submitted with the folio still locked.
Flow Submit(Turn& r, Client client) {
  Folio& folio = At(r.w.folios, r.t.folio);
  folio.dirty = 0;
  const bool copy = client == Client::kWritesCopy;
  folio.writeback = !copy;
  r.w.copies = static_cast<uint8_t>(r.w.copies + copy);
  r.t.block = r.w.extents[0];
  r.t.payload = folio.content;
  return Next();
}

void EmitNativeWrite(Program& p) {
  p.Io("I/O writes the block", [](Turn& r) {
    WriteBlock(r, 0, r.t.block, At(r.w.folios, r.t.folio).content);
    return Next();
  });
  p.Do("end writeback", [](Turn& r) { return At(r.w.folios, r.t.folio).writeback = 0, Next(); });
}

void EmitFuseWrite(Program& p) {
  const Label cropped = p.NewLabel();
  p.Do("client: send WB-WRITE", [=](Turn& r) {
    if (r.w.nowrite != 0 && r.rules.Hold(Rule::kNowrite)) return Wait();
    if (r.w.pages_in_file == 0) return Go(cropped);
    ++r.w.in_flight;
    return Next();
  });
  p.Do("daemon: WB-WRITE", [](Turn& r) {
    const bool drop = r.w.masked != 0 && r.rules.Hold(Rule::kMask);
    if (!drop) WriteBlock(r, 0, r.w.extents[0], r.t.payload);
    --r.w.in_flight;
    return Next();
  });
  p.Bind(cropped);
  p.Do("client: writeback ends", [](Turn& r) {
    if (r.w.copies != 0) --r.w.copies;
    At(r.w.folios, r.t.folio).writeback = 0;
    return Next();
  });
}

}  // namespace

Program WriteBack(const KillerDesign& d) {
  Program p("writeback");
  const bool lock = d.guard != KillerDesign::Guard::kNothing;
  const Label nothing = p.NewLabel();
  const Label clean = p.NewLabel();
  const Label end = p.NewLabel();
  p.Do("dirty folio?", [=](Turn& r) { return FindDirty(r, nothing); });
  if (lock) p.Do("lock folio", LockFolio);
  p.Do("still dirty? wait for writeback", [=](Turn& r) {
    if (!StillDirty(r)) return Go(clean);
    return At(r.w.folios, r.t.folio).writeback != 0 ? Wait() : Next();
  });
  p.Do("write-protect PTE", WriteProtectPte);
  p.Do("flush TLB",
       [](Turn& r) { return r.rules.Hold(Rule::kWriteProtect) ? FlushTlb(r, 0) : Next(); });
  p.Do("clear dirty, set writeback", [client = d.client](Turn& r) { return Submit(r, client); });
  if (lock) p.Do("unlock folio", [](Turn& r) { return UnlockFolio(r), Next(); });
  if (d.Fuse()) {
    EmitFuseWrite(p);
  } else {
    EmitNativeWrite(p);
  }
  p.Jump("written", end);
  p.Bind(clean);
  if (lock) p.Do("unlock folio", [](Turn& r) { return UnlockFolio(r), Next(); });
  p.Bind(nothing);
  p.Jump("nothing to write", end);
  p.Bind(end);
  return p;
}

}  // namespace faultline::lab
