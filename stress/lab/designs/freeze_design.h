// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

#include "lab/model/memory.h"

namespace faultline::lab {

// How writers and a freezer exclude each other (2013-01: the reader side of the freezing lock had
// to be split in two, one above mmap_sem and one below it).
struct FreezeDesign {
  std::string_view name;
  std::string_view text;
  bool counted;  // writers hold the level while they write, not only look at it
  bool ranked;   // write, page-fault, internal, closed one after the other
};

std::span<const FreezeDesign> FreezeDesigns();

// A store through a mapping: page_mkwrite under mmap_lock.
Program StoreThroughMapping(const FreezeDesign& d);
// write(2), with a buffer that faults or not.
enum class Buffer : uint8_t { kKernel, kMapping };
Program WriteCall(const FreezeDesign& d, Buffer buffer);
Program FlushDirty(const FreezeDesign& d);
// A transaction of the filesystem's own, in the background or inside a write(2).
enum class Inside : uint8_t { kNothing, kWrite };
Program InternalWrite(const FreezeDesign& d, Inside inside);
// sync(2): holds s_umount while it writes what is dirty.
Program Sync(const FreezeDesign& d);
Program FreezeAndThaw(const FreezeDesign& d, int times);

}  // namespace faultline::lab
