// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/call.h"

#include "base/check.h"
#include "fuse/kernel_locks.h"

namespace faultline::fuse {
namespace {

thread_local const CallPtr* t_current = nullptr;

}  // namespace

Call::Call(fuse::Server& server, const fuse::Message& message, uint64_t horizon)
    : server_(server),
      message_(message),
      horizon_(horizon),
      context_(message.Unique(), message.Opcode(), message.Header().pid,
               OpcodeName(message.Opcode())),
      reply_(message, server.cache) {}

Call& Call::Current() {
  FL_CHECK(t_current != nullptr);
  return **t_current;
}

fs::Request Call::Request() const {
  return {.unique = message_.Unique(),
          .horizon = horizon_,
          .uid = message_.Header().uid,
          .gid = message_.Header().gid};
}

CallScope::CallScope(CallPtr call) : call_(std::move(call)), scope_(call_->context_) {
  FL_CHECK(t_current == nullptr);
  t_current = &call_;
  DeclareLocksOfRequester(call_->message_);
}

CallScope::~CallScope() {
  t_current = nullptr;
  if (call_->reply_.Pending()) call_->context_.Park("waits for its completion");
}

CallPtr CallScope::Share() {
  FL_CHECK(t_current != nullptr);
  return *t_current;
}

}  // namespace faultline::fuse
