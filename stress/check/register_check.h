// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "history/operation.h"

namespace faultline::stress {

/// Something that changes one cell.
struct Mutation {
  CellValue value = kZeroValue;
  Interval when;
  Verdict stale = Verdict::kStaleAfterWrite;
  bool maybe = false;
  bool part_of_page = false;  // a zeroing that covers the cell's page only partly
  uint32_t operation = 0;     // opaque to the check
};

struct Observation {
  CellValue value = kZeroValue;
  Interval when;
  bool direct = false;  // it went past the page cache
  uint32_t operation = 0;
};

/// All that happened to one cell between two moments at which nothing else ran.
struct CellHistory {
  CellValue initial = kZeroValue;
  Verdict initial_stale = Verdict::kStaleAfterWrite;  // of who sees something older
  std::vector<Mutation> mutations;
  std::vector<Observation> observations;

  void Clear() {
    mutations.clear();
    observations.clear();
  }
};

struct Finding {
  Verdict verdict;
  CellValue seen;     // the value that should not have been seen
  CellValue instead;  // the value that makes it wrong
};

/// Judges one cell as a linearizable register.
///
/// Written values are unique, so a write and the reads of its value form a cluster, and cluster a
/// must precede b when one of a's operations ended before one of b's began. The history is legal
/// exactly when no two clusters must precede each other (Gibbons and Korach, "Testing shared
/// memories", 1997: forward zones are disjoint, no backward zone lies inside a forward one).
///
/// Zeros are not unique. Each zeroing is a cluster of its own; a read of zero needs at least one
/// zeroing that it can belong to, and belongs to it if there is only one. This never flags a legal
/// history, but several reads of zero that each have a choice may hide a wrong one.
///
/// A torn cell needs a write that overlaps the read, or two overlapping mutations of which nothing
/// later had to be visible.
///
/// `fuse`: the FUSE client cannot make a call atomic. It changes the server and the page cache at
/// different moments, so that O_DIRECT reads and cached ones disagree while it runs. A zeroing
/// takes effect in the cache once more after the server's reply: a store made before the call
/// returned may be lost, whatever the storer saw, or give way to an earlier one that was written
/// back. A history that only this makes legal gets kKernelWindow.
std::optional<Finding> CheckCell(const CellHistory& history, bool fuse);

}  // namespace faultline::stress
