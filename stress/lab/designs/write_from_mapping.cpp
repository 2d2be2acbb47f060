// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/mapping_design.h"

namespace faultline::lab {
namespace {

Flow CopyAtomically(Turn& r, Label fell_short) { return Walk(r, Access::kLoad, fell_short); }

}  // namespace

Program WriteFromMapping(const MappingDesign& d, int to, Lock fault_lock, Copy copy) {
  Program p(to == 0 ? "write(A)" : "write(B)");
  const Lock inode = InodeOf(to);
  if (copy == Copy::kFaultUnderLock) {
    p.Take(inode, Mode::kExclusive);
    EmitAccess(p, d, Access::kLoad, fault_lock);
    p.Drop(inode);
    return p;
  }
  const Label retry = p.Here();
  const Label fell_short = p.NewLabel();
  const Label end = p.NewLabel();
  EmitAccess(p, d, Access::kLoad, fault_lock);
  p.Do("EFAULT?", [=](Turn& r) { return r.t.flag == kFaultFailed ? Go(end) : Next(); });
  p.Take(inode, Mode::kExclusive);
  p.Do("copy with faults disabled", [=](Turn& r) { return CopyAtomically(r, fell_short); });
  p.Drop(inode);
  p.Jump("written", end);
  p.Bind(fell_short).Drop(inode);
  p.Jump("fell short", retry);
  p.Bind(end);
  return p;
}

}  // namespace faultline::lab
