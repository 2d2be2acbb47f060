// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/rocks_error.h"

#include <rocksdb/status.h>

#include <cerrno>

namespace faultline::store {

namespace {

int CodeOf(const rocksdb::Status& status) {
  if (status.IsNoSpace()) return ENOSPC;
  if (status.IsMemoryLimit()) return ENOMEM;
  switch (status.code()) {
    case rocksdb::Status::kNotFound:
    case rocksdb::Status::kCorruption:
    case rocksdb::Status::kInvalidArgument:
    case rocksdb::Status::kNotSupported: return EUCLEAN;
    case rocksdb::Status::kBusy:
    case rocksdb::Status::kTimedOut:
    case rocksdb::Status::kTryAgain: return EBUSY;
    default: return EIO;
  }
}

}  // namespace

Error FromRocks(const rocksdb::Status& status, std::string_view what) {
  return Error(CodeOf(status), fmt::format("{}: {}", what, status.ToString()));
}

}  // namespace faultline::store
