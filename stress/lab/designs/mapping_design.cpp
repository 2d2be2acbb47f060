// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/designs/mapping_design.h"

#include <array>

namespace faultline::lab {

std::span<const MappingDesign> MappingDesigns() {
  using Hold = MappingDesign::Hold;
  using Io = MappingDesign::Io;
  using Sync = MappingDesign::Sync;
  static constexpr std::array<MappingDesign, 13> kDesigns = {{
      {"mmap_sem", "fault and page_mkwrite under mmap_sem, with I/O", Hold::kMmapLock,
       Io::kUnderHold, false},
      {"no_io_retry", "drop mmap_sem for I/O, fault again", Hold::kMmapLock, Io::kDropAndRetry,
       false},
      {"srcu", "whole fault under SRCU, recheck", Hold::kSrcu, Io::kUnderHold, true},
      {"srcu_norecheck", "whole fault under SRCU", Hold::kSrcu, Io::kUnderHold, false},
      {"srcu_sync", "munmap waits in synchronize_srcu() after up_write", Hold::kSrcu,
       Io::kUnderHold, false, Sync::kAfterUnlock},
      {"srcu_sync_locked", "munmap waits in synchronize_srcu() under mmap_sem", Hold::kSrcu,
       Io::kUnderHold, false, Sync::kUnderMmapLock},
      {"vma_refcount", "per-VMA count found under RCU, recheck", Hold::kCount, Io::kUnderHold,
       true},
      {"vma_refcount_norecheck", "per-VMA count found under RCU", Hold::kCount, Io::kUnderHold,
       false},
      {"speculative", "RCU and VMA sequence, second walk rechecks", Hold::kRcu,
       Io::kFallBackToMmapLock, true},
      {"speculative_norecheck", "RCU, no second walk", Hold::kRcu, Io::kFallBackToMmapLock, false},
      {"rcu_fallback", "all under RCU, count when it would sleep", Hold::kRcu, Io::kFallBackToCount,
       true},
      {"rcu_sleep", "all under RCU, sleeping included", Hold::kRcu, Io::kUnderHold, true},
      {"range_lock", "mmap_sem split by address range", Hold::kRange, Io::kUnderHold, false},
  }};
  return kDesigns;
}

}  // namespace faultline::lab
