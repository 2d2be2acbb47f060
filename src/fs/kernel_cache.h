// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>

#include "base/types.h"

namespace faultline::fs {

// The page cache that the kernel keeps for our files, as the file system sees it: the one upcall
// out of `fs`. Implemented over FUSE notifications by `fuse`, and by a fake in tests and in the
// lab.
class KernelCache {
 public:
  virtual ~KernelCache() = default;

  // Queues the invalidation of the pages of `range` and returns at once: memory only. A notifier
  // thread, which serves no request and holds no lock, makes the kernel write dirty pages of the
  // range back, drop them and unmap them, and then calls `done`. Requests that serve the write-back
  // arrive in the meantime and must be able to proceed. When the connection is gone there are no
  // pages, and `done` is called all the same.
  virtual void Invalidate(InodeId ino, ByteRange range, std::function<void()> done) = 0;
};

}  // namespace faultline::fs
