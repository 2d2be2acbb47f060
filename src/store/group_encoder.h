// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "store/database.h"
#include "store/records.h"
#include "store/transaction_group.h"

namespace faultline::store {

// A group as RocksDB takes it: every changed record, and the state that goes with it.
WriteBatch EncodeGroup(const Database& database, const TransactionGroup& group,
                       const StoreState& state);

}  // namespace faultline::store
