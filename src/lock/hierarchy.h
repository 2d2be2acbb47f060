// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lock/lock_rules.h"

/// The lock order of the whole daemon, written once. The checker, the names in reports,
/// docs/lock-order.md and docs/lock-order.svg are all made from kHierarchy below.
///
///   kernel:  s_vfs_rename > dir i_rwsem > i_rwsem > mmap_lock > folio > writeback > nowrite
///   freeze:    > freeze write > freeze fault
///   names:       > directory > inode
///   data:          > range > read section > mapping
///   memory:          > tables > freeze state > parked > notifier > transaction > reclaim > grace
///                      > allocator
///   below:               > volume > commit > RocksDB > statistics > log
///
/// Kernel locks come first because a requester holds them before the daemon hears of it; so nothing
/// of ours may be held when we ask the kernel for one of them.
namespace faultline::lock {

/// Outermost first. A class may only be taken under classes that stand before it.
enum class LockClass : uint8_t {
  kVfsRename,
  kDirInode,
  kInodeRwsem,
  kMmapLock,
  kFolio,
  kWriteback,
  kNowrite,
  kFreezeWrite,
  kFreezeFault,
  kDirectory,
  kInode,
  kRange,
  kReadSection,
  kMapping,
  kInodeTable,
  kHandleTable,
  kFreezeState,
  kParked,
  kNotifier,
  kTransaction,
  kReclaim,
  kGrace,
  kAllocator,
  kVolume,
  kCommit,
  kRocksDb,
  kStatistics,
  kLog,
};
inline constexpr size_t kLockClassCount = static_cast<size_t>(LockClass::kLog) + 1;

/// One bit a class.
using ClassMask = uint64_t;
constexpr ClassMask MaskOf(LockClass c) { return ClassMask{1} << static_cast<unsigned>(c); }
template <class... C>
constexpr ClassMask Classes(C... c) {
  return (ClassMask{0} | ... | MaskOf(c));
}
/// All classes from the first to the last, both included.
constexpr ClassMask Between(LockClass first, LockClass last) {
  return (MaskOf(last) << 1) - MaskOf(first);
}

struct HierarchyRow {
  LockClass lock_class;
  bool is_kernel;         // pseudo-class: a lock of the kernel client
  std::string_view name;  // as in reports
  std::string_view guards;
  std::string_view why;   // why it sits where it sits
  ClassMask held_before;  // classes that may be held when it is taken
  SameClass same_class;
  ActionMask may_do;  // under it
};

// clang-format off
namespace hierarchy_words {
using enum LockClass;
using enum SameClass;
using enum Action;
inline constexpr ClassMask kKernel = Between(kVfsRename, kNowrite);
inline constexpr ClassMask kNames  = Classes(kVfsRename, kDirInode, kInodeRwsem);
inline constexpr ClassMask kGates  = Classes(kFreezeWrite, kFreezeFault);
inline constexpr ActionMask kBlocking = Actions(kVolumeIo, kDatabase, kAllocate, kWait);
inline constexpr ActionMask kAnything = (ActionMask{1} << kActionCount) - 1;
}  // namespace hierarchy_words

inline constexpr std::array<HierarchyRow, kLockClassCount> kHierarchy = [] {
  using namespace hierarchy_words;
  return std::array<HierarchyRow, kLockClassCount>{{

{kVfsRename, true, "s_vfs_rename_mutex",
 "renames between directories, one at a time per mount",
 "The VFS takes it before it locks either parent.",
 0, kNever, kAnything},

{kDirInode, true, "directory i_rwsem",
 "names of one directory in the dentry cache",
 "Held while LOOKUP, CREATE, UNLINK, RENAME or READDIR is unanswered; notify_inval_entry takes it, "
 "so never from a handler that has it.",
 Classes(kVfsRename), kNever, kAnything},

{kInodeRwsem, true, "inode i_rwsem",
 "write(2), truncate, fallocate, fsync and direct writes of one inode",
 "Held over every such request; notify_delete, fsync and ftruncate on the own mount take it.",
 Classes(kVfsRename, kDirInode), kNever, kAnything},

{kMmapLock, true, "mmap_lock",
 "the address space of a client",
 "A retried fault and a munmap keep it while READ or page writeback is unanswered, and write(2) "
 "faults its buffer in under i_rwsem.",
 kNames, kNever, kBlocking | Actions(kWaitForCommit, kNotify)},

{kFolio, true, "folio lock",
 "the contents of page-cache pages that are being read",
 "Locked while a READ is unanswered; every invalidation of the range waits for it. So a READ waits "
 "for nothing that waits for the kernel.",
 kNames | Classes(kMmapLock), kNever, kBlocking | Actions(kWaitForCommit, kNotify, kPark)},

{kWriteback, true, "writeback bit",
 "page-cache pages on their way to the daemon",
 "Set while page writeback is unanswered; invalidation, page_mkwrite, close and exit wait for it.",
 kNames | Classes(kMmapLock, kFolio), kNever, kBlocking | Actions(kWaitForCommit, kNotify)},

{kNowrite, true, "NOWRITE gate",
 "an inode's size against page writeback",
 "Closed while SETATTR(size) is unanswered; whoever writes a dirty page back, an invalidation "
 "included, waits for it to open.",
 kNames | Classes(kMmapLock, kFolio, kWriteback), kNever,
 kBlocking | Actions(kWaitForCommit, kNotify, kPark)},

{kFreezeWrite, false, "freeze gate: write",
 "changes that a request makes to names and data; a shared token per request",
 "Outermost in the daemon: whoever is admitted may take anything else, and a freezer that waits for "
 "the admitted ones holds nothing. Closed before the fault level, so page writeback can drain.",
 kNames | Classes(kFolio), kShared,
 kBlocking | Actions(kWaitForCommit, kPark)},

{kFreezeFault, false, "freeze gate: fault",
 "changes that page writeback and SETATTR(size) make; a shared token per request",
 "Below the write level: it closes last, after the flush that the write level's closing started. "
 "Page writeback never waits here, it is staged.",
 kKernel | Classes(kFreezeWrite), kShared,
 kBlocking | Actions(kWaitForCommit, kPark)},

{kDirectory, false, "directory",
 "the names in one directory and its link count",
 "Above the inodes that the names stand for: an operation finds the inode through the name. Several "
 "in ascending order of inode number, as rename needs two.",
 kNames | kGates, kAscendingInstance, kBlocking},

{kInode, false, "inode",
 "the life of one inode: links, open count, attributes being changed; all of its data with "
 "fault_path=inode",
 "Below the directory that led to it, above its ranges: truncate and unlink exclude whole-file "
 "operations first. READ may wait for it because its holders never wait for the kernel.",
 kKernel | kGates | Classes(kDirectory), kAscendingInstance, kBlocking},

{kRange, false, "range",
 "whole blocks of one inode against another read-modify-write of them",
 "Above the mapping lock because the old block is read from the volume while it is held; below the "
 "inode because an operation on the file knows its ranges last.",
 kKernel | kGates | Classes(kDirectory, kInode), kAscendingInstance, kBlocking},

{kReadSection, false, "read section",
 "extents that were looked up against being handed out again",
 "Opened before the lookup under the mapping lock and kept over the volume read, so above the one and "
 "around the other. It waits for nothing that waits for a grace period.",
 kKernel | kGates | Classes(kDirectory, kInode, kRange), kShared, kBlocking},

{kMapping, false, "mapping",
 "the published state of one inode: attributes, size, extents, masks, write log",
 "Innermost lock of an inode and a leaf to all waiting: a fault takes it shared, a page-killer "
 "exclusively, both for memory accesses only. No I/O, no database, no waiting, no notification.",
 kKernel | kGates | Classes(kDirectory, kInode, kRange, kReadSection), kAscendingInstance, 0},

{kInodeTable, false, "inode table",
 "the inodes in memory and their lookup counts",
 "Below the locks of the inodes in it: it is held to find or count one, never while one is locked.",
 kKernel | kGates | Classes(kDirectory, kInode, kRange, kReadSection, kMapping), kNever, 0},

{kHandleTable, false, "handle table",
 "the open files and directories",
 "Below the inode table, because opening counts the inode first.",
 kKernel | kGates | Classes(kDirectory, kInode, kRange, kReadSection, kMapping, kInodeTable), kNever,
 0},

{kFreezeState, false, "freeze state",
 "the state of the freeze gates, their holders and counts of the admitted",
 "Admission and leaving touch it for an instant, from any place a request can be in; not to be "
 "confused with the tokens, which are held.",
 kKernel | kGates | Classes(kDirectory, kInode, kRange, kReadSection), kNever, Actions(kWait)},

{kParked, false, "parked requests",
 "the queues of requests that wait without a thread",
 "Below the freeze state: a request is found not admissible and queued in one step.",
 kKernel | kGates | Classes(kDirectory, kInode, kRange, kReadSection, kFreezeState), kNever,
 Actions(kWait)},

{kNotifier, false, "notifier queue",
 "the notifications that are to be sent",
 "A killer queues its invalidation wherever it stands; the notifier sends it holding nothing.",
 kKernel | kGates |
     Classes(kDirectory, kInode, kRange, kReadSection, kMapping, kFreezeState, kParked),
 kNever, Actions(kWait)},

{kTransaction, false, "transaction group",
 "the records of the open transaction group, in memory",
 "Below the mapping lock: what is published joins the open group in the same step, so no later "
 "change of the inode can be durable before it.",
 kKernel | kGates |
     Classes(kDirectory, kInode, kRange, kReadSection, kMapping, kInodeTable, kHandleTable),
 kNever, Actions(kAllocate, kWait)},

{kReclaim, false, "reclaim queue",
 "freed extents that wait for durability, readers, deferred pieces and snapshots",
 "Below the transaction group: extents are freed by the group that drops the last reference.",
 kKernel | kGates |
     Classes(kDirectory, kInode, kRange, kReadSection, kMapping, kTransaction),
 kNever, Actions(kAllocate)},

{kGrace, false, "grace period",
 "callbacks that wait for read sections to end",
 "Below the reclaim queue that hands them over; callbacks run with nothing held.",
 kKernel | kGates |
     Classes(kDirectory, kInode, kRange, kReadSection, kMapping, kTransaction, kReclaim),
 kNever, Actions(kAllocate)},

{kAllocator, false, "allocator",
 "free space of the volume",
 "Below everything that gives space back or asks for it.",
 kKernel | kGates |
     Classes(kDirectory, kInode, kRange, kReadSection, kMapping, kTransaction, kReclaim, kGrace),
 kNever, Actions(kAllocate)},

{kVolume, false, "volume",
 "the size of the volume file while it grows",
 "Growing is I/O, so it sits below the locks that allow I/O only, and never below the allocator: who "
 "finds no space lets go of the allocator first.",
 kKernel | kGates | Classes(kDirectory, kInode, kRange, kReadSection), kNever, kBlocking},

{kCommit, false, "commit state",
 "what the committer has done and who waits for it",
 "Below all that may find that a commit is due. The committer itself works with nothing held.",
 kKernel | kGates |
     Classes(kDirectory, kInode, kRange, kReadSection, kMapping, kTransaction, kReclaim, kGrace,
             kAllocator, kVolume),
 kNever, Actions(kWait, kWaitForCommit)},

{kRocksDb, false, "RocksDB",
 "everything inside RocksDB, its callbacks included",
 "It stalls and does I/O, so no lock that forbids these may be held, and its callbacks take only "
 "what stands below.",
 kKernel | kGates | Classes(kDirectory, kInode, kRange, kReadSection, kVolume), kShared, kBlocking},

{kStatistics, false, "statistics",
 "counters and samples for status",
 "Taken from anywhere, holds on to nothing.",
 Between(kVfsRename, kRocksDb), kNever, 0},

{kLog, false, "log",
 "the log's sink",
 "The leaf: anybody may log.",
 Between(kVfsRename, kStatistics), kNever, Actions(kVolumeIo, kAllocate)},

  }};
}();
// clang-format on

/// Rows stand at their class's place, and a class is taken under earlier ones only. So the order is
/// total and cannot hold a cycle.
constexpr bool IsOrdered(const std::array<HierarchyRow, kLockClassCount>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<size_t>(rows[i].lock_class) != i) return false;
    if ((rows[i].held_before >> i) != 0) return false;
  }
  return true;
}
static_assert(kLockClassCount < 64, "one bit a class");
static_assert(IsOrdered(kHierarchy));

constexpr const HierarchyRow& Row(LockClass c) { return kHierarchy[static_cast<size_t>(c)]; }
constexpr std::string_view Name(LockClass c) { return Row(c).name; }

}  // namespace faultline::lock
