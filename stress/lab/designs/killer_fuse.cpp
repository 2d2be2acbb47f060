// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/killer_design.h"
#include "lab/model/locking.h"

// Page-killers of a FUSE mount: the kernel client's steps around the daemon's.

namespace faultline::lab {
namespace {

using Client = KillerDesign::Client;
using Daemon = KillerDesign::Daemon;

Flow WaitForWriteRequests(Turn& r) {
  return r.w.in_flight != 0 && r.rules.Hold(Rule::kNowrite) ? Wait() : Next();
}

// The mask is byte-exact: it does not cover what the killer does not cover.
void EmitPublish(Program& p, const KillerDesign& d, Killer killer) {
  const bool mask = d.daemon == Daemon::kMask && killer != Killer::kEdge;
  p.Do(mask ? "daemon: publish, mask" : "daemon: publish", [=](Turn& r) {
    if (mask) r.w.masked = 1;
    return Publish(r, killer, true);
  });
}

void EmitInvalidate(Program& p, const KillerDesign& d) {
  const Label skip = p.NewLabel();
  p.Do("notify_inval_inode",
       [=](Turn& r) { return r.rules.Hold(Rule::kInvalidate) ? Next() : Go(skip); });
  EmitRemovePage(p, d, Dirty::kWrite);
  p.Bind(skip);
}

void EmitAnswer(Program& p, const KillerDesign& d) {
  if (d.daemon != Daemon::kPlain) EmitInvalidate(p, d);
  if (d.helper_reads) p.Do("helper: READ waits for writeback copies", WaitForCopies);
  if (d.daemon == Daemon::kMask)
    p.Do("daemon: unmask, reply", [](Turn& r) { return r.w.masked = 0, Next(); });
}

// SETATTR(size): the client's NOWRITE gate gives the guarantee, the daemon only answers.
void EmitTruncate(Program& p, const KillerDesign& d) {
  p.Do("client: set NOWRITE", [](Turn& r) { return r.w.nowrite = 1, Next(); });
  p.Do("client: WB-WRITE in flight?", WaitForWriteRequests);
  p.Do("daemon: SETATTR(size), publish",
       [](Turn& r) { return Publish(r, Killer::kTruncate, true); });
  p.Do("client: i_size = 0, lift NOWRITE", [](Turn& r) {
    r.w.pages_in_file = 0;
    r.w.nowrite = 0;
    return Next();
  });
  EmitRemovePage(p, d, Dirty::kDiscard);
}

}  // namespace

Flow WaitForCopies(Turn& r) {
  return r.w.copies != 0 && r.rules.Hold(Rule::kCopiesAwaited) ? Wait() : Next();
}

void EmitDaemonKill(Program& p, const KillerDesign& d, Killer killer) {
  if (killer == Killer::kTruncate) return EmitTruncate(p, d);
  const bool by_daemon = killer == Killer::kCollapse;  // an ioctl: the client knows nothing of it
  if (killer == Killer::kDirectWrite) EmitRemovePage(p, d, Dirty::kWrite);
  const bool punch = killer == Killer::kPunch || killer == Killer::kEdge;
  if (punch) p.Do("client: wait for WB-WRITE", WaitForWriteRequests);
  EmitPublish(p, d, killer);
  EmitAnswer(p, d);
  // The client zeroes its part of an edge page in the cache; the page stays.
  if (!by_daemon && killer != Killer::kEdge) {
    EmitRemovePage(p, d, killer == Killer::kDirectWrite ? Dirty::kWrite : Dirty::kDiscard);
  }
}

}  // namespace faultline::lab
