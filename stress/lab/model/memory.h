// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "lab/model/program.h"

namespace faultline::lab {

// Page tables, TLBs, folios and blocks: the operations that designs are composed of. Each is one
// atomic step or part of one; the ones that return a Flow are whole steps.

enum class Access : uint8_t { kLoad, kStore };

template <typename Array>
auto& At(Array& array, int index) {
  return array[static_cast<size_t>(index)];
}

// --- page tables and TLBs
// Touching a freed page-table page is a violation; false when the table is no longer reachable.
bool TableIsLive(Turn& r, int page);
Flow SetPte(Turn& r, int page, int folio, bool writable);
// zap_pte_range() under the page-table lock: waits for whoever holds it.
Flow Zap(Turn& r, int page);
Flow FlushTlb(Turn& r, int page);
// The hardware walk: loads the TLB from the PTE, or jumps to `fault`.
Flow Walk(Turn& r, Access access, Label fault);
// The load or store itself; jumps to `again` when the TLB entry was flushed under it.
Flow Touch(Turn& r, Access access, Label again);

// --- folios
int FindFolio(const World& w, int index);
int AddFolio(World& w, int index, FolioState state);
Flow LockFolio(Turn& r);
void UnlockFolio(Turn& r);
void Write(Turn& r, Folio& folio, int writer);
// What the file holds at `index` if nothing is cached.
Content OnDisk(const World& w, int index);

// --- blocks
int AllocateBlock(World& w);
// Writes a page to the block, or allocates one for a hole. Writing to a recycled block is a
// violation.
void WriteBlock(Turn& r, int index, int block, Content content);

}  // namespace faultline::lab
