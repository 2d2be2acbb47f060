// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <set>

#include "store/fsck/context.h"

namespace faultline::store::fsck {

// Deals with blocks that several extents name, and with small blocks that have no value. Finds out
// who names them, and reads them: a block belongs to the owner whose checksum it has, and the first
// of them keeps it. Others with the same checksum get a copy; for the rest the content is lost.
// (Pass 1B to 1D of e2fsck, which has to ask because it has no checksums.)
Result<> ResolveContestedBlocks(Context& context, const std::set<BlockAddress>& contested);

}  // namespace faultline::store::fsck
