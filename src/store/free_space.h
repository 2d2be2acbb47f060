// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/allocator.h"
#include "store/database.h"

namespace faultline::store {

// Makes everything in [1, blocks) allocatable that no extent record names, and claims a block for
// each small one: how the allocator is rebuilt when a store is opened. One sequential pass over the
// extents; memory for one pair of numbers per run.
//
// EUCLEAN: a record does not decode, names blocks outside of the volume, or names blocks of
// another one. The message names the inode. The allocator is then not fit for use.
Result<> RebuildFreeSpace(const Database& database, uint64_t blocks, Allocator& allocator);

}  // namespace faultline::store
