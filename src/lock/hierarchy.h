// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The lock order of the whole daemon, written once. The checker, the names in reports,
/// docs/lock-order.md and docs/lock-order.svg are all made from kHierarchy below.
///
///   kernel:   s_vfs_rename > directory i_rwsem > inode i_rwsem > mmap_lock > folio | writeback |
///   nowrite freeze:     > freeze write > freeze fault namespace:    > directory > inode data: >
///   range > read section > mapping memory:           > tables > parked > notifier > transaction >
///   reclaim > grace > allocator below:              > volume > commit > RocksDB > statistics > log
///
/// Kernel locks come first because a requester holds them before the daemon hears of it; so nothing
/// of ours may be held when we ask the kernel for one of them.
namespace faultline::lock {

/// Outermost first. A class may only be taken under classes that stand before it.
enum class LockClass : uint8_t {
  // Held by whoever sent the request, taken by notifications and by calls on our own mount.
  kVfsRename,
  kDirInode,
  kInodeRwsem,
  kMmapLock,
  kFolio,
  kWriteback,
  kNowrite,
  // The daemon's own.
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

/// May a thread hold several locks of one class?
enum class SameClass : uint8_t {
  kNever,
  kAscendingInstance,  // in ascending order of (instance, sub), never the same one twice
  kShared,             // any number, as long as all of them are shared
};

/// What is checked like a lock although it is none: the thread flag that the kernel lacks for
/// "no I/O under the mapping lock".
enum class Action : uint8_t {
  kVolumeIo,        // read or write the volume, or any other file
  kDatabase,        // call RocksDB; it may stall
  kAllocate,        // allocate memory without bound
  kWait,            // sleep for an event of this process (condition variable of another lock)
  kWaitForRequest,  // sleep until another request has arrived or been answered
  kWaitForCommit,   // sleep until a transaction group is durable
  kWaitForGrace,    // sleep until read sections have ended
  kNotify,          // reverse notification, or any call on the own mount
  kPark,            // leave the request unanswered and go on with another one
};
inline constexpr size_t kActionCount = static_cast<size_t>(Action::kPark) + 1;

using ActionMask = uint32_t;
constexpr ActionMask MaskOf(Action a) { return ActionMask{1} << static_cast<unsigned>(a); }
template <class... A>
constexpr ActionMask Actions(A... a) {
  return (ActionMask{0} | ... | MaskOf(a));
}

struct HierarchyRow {
  LockClass lock_class;
  bool is_kernel;         // pseudo-class of the kernel client
  std::string_view name;  // as in reports
  std::string_view guards;
  std::string_view why;   // why it sits where it sits
  ClassMask held_before;  // classes that may be held when it is taken
  SameClass same_class;
  ActionMask may_do;  // under it
};

extern const std::array<HierarchyRow, kLockClassCount> kHierarchyRows;

const HierarchyRow& Row(LockClass c);
std::string_view Name(LockClass c);
std::string_view Name(Action a);
std::string_view Name(SameClass rule);

}  // namespace faultline::lock
