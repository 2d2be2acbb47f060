// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "fs/filesystem.h"
#include "fs/inode.h"

namespace faultline::fs {

// Killing pages: what must happen between "the file has changed" and "the call returns", so that no
// page the kernel has cached, mapped, or is about to map shows what was there before.
//
//   1. publish the new state and mask the range, in one step          MaskLocked, inside the
//   publish
//   2. writeback of masked bytes is dropped, pages read again are let go   PageMasks
//   3. the kernel writes back, unmaps and drops its pages of the range     Finish: the notifier
//   thread
//   4. unmask, answer the call
//
// In this order: a mask that came after the publish would let old bytes in between, an invalidation
// before it would let the kernel read the old state once more. Nothing waits for step 3 but the
// call itself, whose request is parked.
class PageKiller {
 public:
  explicit PageKiller(KernelCache& kernel) : kernel_(kernel) {}

  PageMasks::Id MaskLocked(Inode& inode, ByteRange range) FL_REQUIRES(inode.mapping) {
    return inode.masks.Add(range);
  }
  // Steps 3 and 4; then `done`. No lock is held.
  void Finish(InodePtr inode, PageMasks::Id mask, ByteRange range, std::function<void()> done);

 private:
  KernelCache& kernel_;
};

}  // namespace faultline::fs
