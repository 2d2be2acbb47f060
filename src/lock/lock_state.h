// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/histogram.h"
#include "lock/held_locks.h"

/// A picture of all locks for `faultline locks` and the watchdog: plain values, taken without
/// stopping anybody. Each context is consistent in itself, not with the others.
namespace faultline::lock {

struct HolderState {
  LockClass lock_class;
  uint64_t instance;
  uint64_t first;  // of a range lock: bytes [first, last]
  uint64_t last;
  Mode mode;
  bool in_kernel;
  const void* lock;
  std::string where;  // file:line
  int64_t since_ns;   // monotonic; 0: unknown (statistics off)
};

struct WaiterState {
  LockClass lock_class;
  uint64_t instance;
  const void* lock;
  std::string where;
  int64_t since_ns;
};

struct ContextSnapshot {
  LockContext::Kind kind;
  ContextState state;
  std::string name;
  std::string park_reason;  // while parked
  int thread_id;            // 0: in no thread
  uint64_t unique;          // of a request, else 0
  uint32_t opcode;
  uint32_t pid;
  int64_t start_ns;
  std::vector<HolderState> holds;
  std::vector<WaiterState> waits_for;  // at most one
};

struct EdgeState {
  LockClass held;
  LockClass wanted;
  bool declared;
  bool observed;
  std::string held_where;  // of the first time
  std::string wanted_where;
};

struct ClassState {
  LockClass lock_class;
  Histogram hold_ns;
};

struct LockState {
  ValidatorMode mode;
  int64_t now_ns;
  uint64_t violations;
  std::string last_violation;  // the whole report
  std::vector<ContextSnapshot> contexts;
  std::vector<EdgeState> edges;  // declared or observed
  std::vector<ClassState> classes;
};

LockState CaptureLockState();

/// "request 17 WRITE waits for inode 5 (src/fs/a.cpp:10), held by request 12 FALLOCATE, which ..."
/// One line a step, from the context to one that waits for nothing; ends at a cycle, and says so.
std::string DescribeWaitChain(const LockState& state, const ContextSnapshot& from);

/// Forgets histograms, observed edges and violations. Tests only.
void ResetLockState();

}  // namespace faultline::lock
