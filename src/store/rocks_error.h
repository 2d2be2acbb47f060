// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

#include "base/result.h"

namespace rocksdb {
class Status;
}

// The one place where what RocksDB says becomes an Error.
namespace faultline::store {

// Requires that `status` is not ok. Damage is EUCLEAN, everything else that a file system cannot
// help is EIO; the message starts with `what` and keeps RocksDB's words.
Error FromRocks(const rocksdb::Status& status, std::string_view what);

}  // namespace faultline::store
