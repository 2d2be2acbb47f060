// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "fuse/wire.h"
#include "lock/hierarchy.h"

namespace faultline::fuse {

/// What the sender of a request holds in the kernel until it is answered.
struct RequesterLocks {
  lock::ClassMask classes = 0;
  InodeId inode = kNoInode;  // whose
};

/// The client's locking (Linux 6.1 to 6.18), for the lock validator: an order of ours that would
/// invert against it is reported before it hangs. Where one opcode is sent in several situations it
/// names the locks of all of them, because a handler cannot tell and has to be right in each.
RequesterLocks LocksOfRequester(const Message& message);

/// Adds them to the current request.
void DeclareLocksOfRequester(const Message& message);

}  // namespace faultline::fuse
