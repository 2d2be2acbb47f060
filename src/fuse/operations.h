// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <exception>
#include <new>
#include <utility>

#include "fuse/call.h"
#include "fuse/fuse_api.h"

/// The handlers: parse, call fs, reply; one file a topic. A handler is a function of the current
/// call and the arguments that libfuse parsed.
namespace faultline::fuse {

/// All of them; what is missing is ENOSYS.
fuse_lowlevel_ops Operations();

void AddNamespaceOperations(fuse_lowlevel_ops& ops);
void AddAttributeOperations(fuse_lowlevel_ops& ops);
void AddDataOperations(fuse_lowlevel_ops& ops);
void AddDirectoryOperations(fuse_lowlevel_ops& ops);
void AddControlOperations(fuse_lowlevel_ops& ops);

namespace internal {

/// Answers for a handler that threw: ENOMEM or EIO. Call it while handling the exception.
void FailWithException(Call& call);

template <auto kHandler>
struct Entry;
template <class... Args, void (*kHandler)(Call&, Args...)>
struct Entry<kHandler> {
  static void Function(fuse_req_t request, Args... args) {
    Call& call = Call::Current();
    call.Reply().Bind(request);
    try {
      kHandler(call, args...);
    } catch (...) {
      FailWithException(call);
    }
  }
};

}  // namespace internal

/// The function that libfuse calls for a handler. `ops.getattr = kEntry<Getattr>;`
template <auto kHandler>
inline constexpr auto kEntry = &internal::Entry<kHandler>::Function;

}  // namespace faultline::fuse
