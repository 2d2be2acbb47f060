// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <vector>

#include "store/database.h"

// Private to the store: how RocksDB is set up. Why each value: docs/store.md.
namespace faultline::store {

// Warnings and errors of RocksDB go to our log; it writes no LOG files of its own.
std::shared_ptr<rocksdb::Logger> RocksLogger();

rocksdb::DBOptions RocksDbOptions(const DatabaseTuning& tuning, rocksdb::Env* env);
// In the order of Family.
std::vector<rocksdb::ColumnFamilyDescriptor> RocksFamilies(const DatabaseTuning& tuning);

}  // namespace faultline::store
