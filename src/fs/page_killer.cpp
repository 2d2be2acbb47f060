// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/page_killer.h"

#include "base/mutant.h"
#include "base/test_point.h"

namespace faultline::fs {

void PageKiller::Finish(InodePtr inode, PageMasks::Id mask, ByteRange range,
                        std::function<void()> done) {
  FL_TEST_POINT("fs.killer.published");
  const InodeId ino = inode->id;
  if (Mutated(Mutant::kUnmaskFirst)) {
    lock::ExclusiveLock lock(inode->mapping);
    inode->masks.Remove(mask);
  }
  kernel_.Invalidate(ino, range.RoundOut(),
                     [inode = std::move(inode), mask, done = std::move(done)] {
                       FL_TEST_POINT("fs.killer.invalidated");
                       {
                         lock::ExclusiveLock lock(inode->mapping);
                         inode->masks.Remove(mask);
                         if (Mutated(Mutant::kMaskUnlocksLate)) return done();
                       }
                       FL_TEST_POINT("fs.killer.unmasked");
                       done();
                     });
}

}  // namespace faultline::fs
