// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/operations.h"

#include <cerrno>

#include "base/log.h"

namespace faultline::fuse {

fuse_lowlevel_ops Operations() {
  fuse_lowlevel_ops ops{};
  AddNamespaceOperations(ops);
  AddAttributeOperations(ops);
  AddDataOperations(ops);
  AddDirectoryOperations(ops);
  AddControlOperations(ops);
  return ops;
}

namespace internal {

void FailWithException(Call& call) {
  Error error(EIO);
  try {
    throw;
  } catch (const std::bad_alloc&) {
    error = Error(ENOMEM);
  } catch (const std::exception& e) {
    error = Error(EIO, e.what());
  } catch (...) {
    error = Error(EIO, "unknown exception");
  }
  // Unless somebody else, a completion, has answered or is going to.
  if (call.Reply().Pending()) call.Reply().Fail(error);
}

}  // namespace internal
}  // namespace faultline::fuse
