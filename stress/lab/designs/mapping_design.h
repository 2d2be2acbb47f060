// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string_view>

#include "lab/model/memory.h"

namespace faultline::lab {

// How a page fault keeps its mapping from changing under it: the designs of 2013-01 to 2021-01.
struct MappingDesign {
  // What the body of a fault runs under.
  enum class Hold : uint8_t {
    kMmapLock,
    kRange,  // mmap_lock split by address
    kSrcu,   // the VMA found under a short down_read(mmap_lock), then SRCU only
    kCount,  // found under RCU, then a reference on the VMA
    kRcu,    // RCU throughout
  };
  // What it does when the page must be read from disk.
  enum class Io : uint8_t {
    kUnderHold,
    kDropAndRetry,  // VM_FAULT_RETRY, then FAULT_FLAG_TRIED
    kFallBackToMmapLock,
    kFallBackToCount,
  };
  enum class Sync : uint8_t { kNo, kAfterUnlock, kUnderMmapLock };

  std::string_view name;
  std::string_view text;
  Hold hold;
  Io io;
  bool recheck;           // validate VMA and page table again under the page-table lock
  Sync sync = Sync::kNo;  // munmap waits in synchronize_srcu()

  // Faults that mmap_lock does not keep out: what munmap takes away is retired, not freed.
  bool Lockless() const { return hold != Hold::kMmapLock && hold != Hold::kRange; }
};

std::span<const MappingDesign> MappingDesigns();

inline Lock RangeOf(int page) { return page == 0 ? Lock::kRange0 : Lock::kRange1; }
inline Lock InodeOf(int page) { return page == 0 ? Lock::kInode0 : Lock::kInode1; }

// Thread::flag of a thread whose access ended in SIGSEGV.
inline constexpr uint8_t kFaultFailed = 1;

// A fault at Thread::page and the access that caused it. When reading the page, `fs_lock` is taken
// around the I/O (kCount: none), as a filesystem would like to in ->fault.
void EmitAccess(Program& p, const MappingDesign& d, Access access, Lock fs_lock = Lock::kCount);

// The same, but the access is a get_user_pages() that keeps its VMA over the fault; with
// `out_parameter` it is told when the lock was dropped.
void EmitGupThatKeepsVma(Program& p, const MappingDesign& d, bool out_parameter);

// Whoever changes the address space. All of them take mmap_lock (or the ranges) for writing.
enum class Change : uint8_t { kMunmap, kMunmapBoth, kExit, kMremap };
Program ChangeMapping(const MappingDesign& d, Change change);

// Write-protection of a page (userfaultfd) and copy-on-write faults against it.
struct Protection {
  Mode mode;             // how mmap_lock is taken
  bool flush_under_ptl;  // the remedy named in 2020-12; the copy is made under it as well
};
Program WriteProtect(const MappingDesign& d, Protection protection);
Program CopyOnWriteStore(const MappingDesign& d, Protection protection);

// write(2) to the file of page `to` from a buffer mapped at Thread::page. A filesystem that wants
// one lock against both write and fault takes `InodeOf(to)` here and `fault_lock` in ->fault.
enum class Copy : uint8_t {
  kFaultUnderLock,  // copy_from_user() faults with the inode locked
  kPrefault,        // fault in first, copy with page faults disabled, retry when it fell short
};
Program WriteFromMapping(const MappingDesign& d, int to, Lock fault_lock, Copy copy);

}  // namespace faultline::lab
