// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/killer_design.h"

#include <array>

namespace faultline::lab {

std::span<const KillerDesign> KillerDesigns() {
  using Guard = KillerDesign::Guard;
  using Daemon = KillerDesign::Daemon;
  using Client = KillerDesign::Client;
  static constexpr std::array<KillerDesign, 13> kDesigns = {{
      {.name = "naive", .text = "map what was found", .guard = Guard::kNothing},
      {.name = "page_lock", .text = "page lock, then check ->mapping", .guard = Guard::kFolioLock},
      {.name = "uptodate_recheck",
       .text = "clear uptodate, mb, page_mapped()?; map count, mb, uptodate?",
       .guard = Guard::kUptodate},
      {.name = "uptodate_recheck_nobarrier",
       .text = "the same without smp_mb()",
       .guard = Guard::kUptodateNoBarrier},
      {.name = "i_mmap_rwsem",
       .text = "faults for read, killers for write",
       .guard = Guard::kIMmapRwsem},
      {.name = "private_lock",
       .text = "a spinlock around check and removal",
       .guard = Guard::kPrivateLock},
      {.name = "invalidate_lock",
       .text = "killers exclusive over everything, fillers shared",
       .guard = Guard::kInvalidateLock},
      {.name = "fuse_plain", .text = "a FUSE daemon that only answers", .daemon = Daemon::kPlain},
      {.name = "publish_invalidate",
       .text = "publish, invalidate, reply",
       .daemon = Daemon::kInvalidate},
      {.name = "mask_without_regrant",
       .text = "publish, mask, invalidate; masked until unmask",
       .daemon = Daemon::kMask,
       .regrant = false},
      {.name = "publish_mask_invalidate",
       .text = "publish, mask, invalidate, unmask; 6.16 and later",
       .daemon = Daemon::kMask},
      {.name = "publish_mask_invalidate_6_15_no_helper",
       .text = "the same up to 6.15",
       .daemon = Daemon::kMask,
       .client = Client::kWritesCopy},
      {.name = "publish_mask_invalidate_6_15",
       .text = "up to 6.15, a helper reads before the unmask",
       .daemon = Daemon::kMask,
       .client = Client::kWritesCopy,
       .helper_reads = true},
  }};
  return kDesigns;
}

}  // namespace faultline::lab
