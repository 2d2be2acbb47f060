// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>

#include "fs/filesystem.h"
#include "fuse/reply.h"
#include "fuse/wire.h"
#include "lock/held_locks.h"

namespace faultline::fuse {

class Control;
class WaitingCalls;

/// What the handlers work on. Immutable while requests are served.
struct Server {
  fs::Filesystem& filesystem;
  Control& control;
  WaitingCalls& waiting;
  CachePolicy cache;
};

/// One request of the kernel, from its arrival to its reply. Shared by the worker that received it
/// and, if the answer comes later, by the completion that will give it.
class Call {
 public:
  /// `horizon`: of a WRITE, see request_horizon.h.
  Call(fuse::Server& server, const fuse::Message& message, uint64_t horizon);

  /// The call this worker is in.
  static Call& Current();

  fs::Filesystem& Filesystem() const { return server_.filesystem; }
  fuse::Server& Server() const { return server_; }
  /// Its body only inside the handler.
  const fuse::Message& Message() const { return message_; }
  fs::Request Request() const;
  fuse::Reply& Reply() { return reply_; }

 private:
  friend class CallScope;
  fuse::Server& server_;
  const fuse::Message message_;
  const uint64_t horizon_;
  lock::RequestContext context_;
  fuse::Reply reply_;
};

using CallPtr = std::shared_ptr<Call>;

/// Makes `call` the current one of this thread, with the locks that its sender holds. A call that
/// is still unanswered at the end is parked.
class CallScope {
 public:
  explicit CallScope(CallPtr call);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  /// For a completion to hold on to.
  static CallPtr Share();

 private:
  const CallPtr call_;
  lock::RequestScope scope_;
};

}  // namespace faultline::fuse
