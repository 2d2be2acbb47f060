// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

#include "lab/model/memory.h"

namespace faultline::lab {

// How a fault that maps a page and a page-killer that takes it away exclude each other: the
// designs of 2020-09, and those of a FUSE daemon behind the kernel client.
struct KillerDesign {
  enum class Guard : uint8_t {
    kNothing,
    kFolioLock,
    kUptodate,  // "no new maps" mark against map count, smp_mb() between
    kUptodateNoBarrier,
    kIMmapRwsem,
    kPrivateLock,
    kInvalidateLock,
  };
  // The daemon's part; the kernel client below it maps pages under the folio lock.
  enum class Daemon : uint8_t { kAbsent, kPlain, kInvalidate, kMask };
  enum class Client : uint8_t {
    kWritesFolio,  // 6.16: writeback ends when the daemon has answered
    kWritesCopy,   // up to 6.15: writeback ends at once, a copy is on its way
  };

  std::string_view name;
  std::string_view text;
  Guard guard = Guard::kFolioLock;
  Daemon daemon = Daemon::kAbsent;
  bool regrant = true;
  Client client = Client::kWritesFolio;
  bool helper_reads = false;  // after the invalidation, before the unmask

  bool Fuse() const { return daemon != Daemon::kAbsent; }
  bool Recheck() const { return guard == Guard::kUptodate || guard == Guard::kUptodateNoBarrier; }
};

std::span<const KillerDesign> KillerDesigns();

enum class Killer : uint8_t {
  kTruncate,
  kPunch,
  kCollapse,
  kDirectWrite,
  kMigrate,
  kEdge,  // an unaligned punch, seen from the bytes of its edge page that it does not cover
};

// A load or store to file page 0 through a shared mapping, faulting as often as it must.
Program AccessPage(const KillerDesign& d, Access access);
// get_user_pages_fast(), a DMA write, set_page_dirty() and unpin.
Program WriteThroughPin(const KillerDesign& d);
Program WriteBack(const KillerDesign& d);
Program Kill(const KillerDesign& d, Killer killer);

// Parts of those programs.
void EmitAccess(Program& p, const KillerDesign& d, Access access);
// Takes the folio of page 0 out of the page cache, unmapping it first.
enum class Dirty : uint8_t { kDiscard, kWrite, kLeave };
void EmitRemovePage(Program& p, const KillerDesign& d, Dirty dirty);
// From FALLOCATE, WRITE or IOCTL in the daemon to its reply.
void EmitDaemonKill(Program& p, const KillerDesign& d, Killer killer);
// Up to 6.15 a READ of the page cache is not sent while a copy of the page is being written.
Flow WaitForCopies(Turn& r);
// The new contents of file page 0, and the old block let go; one atomic step.
Flow Publish(Turn& r, Killer killer, bool grace);

}  // namespace faultline::lab
