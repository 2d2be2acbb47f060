// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "check/register_check.h"
#include "check/verdict.h"
#include "history/operation.h"

namespace faultline::stress {

/// Checks a window: everything that all threads did between two moments at which nothing ran. Keeps
/// what every cell held at the last such moment; memory is bounded by the operations of one window.
class WindowCheck {
 public:
  WindowCheck(uint32_t files, uint32_t cells_per_file, bool fuse);

  /// Judges every cell, adds what is wrong to `log`. The last operations of a window must be reads
  /// of all cells, made after everything else ended: what they saw is where the next one starts.
  void Check(std::span<const ThreadHistory> threads, ViolationLog& log);

  /// The cells of a file are all zero from now on, by `how`.
  void Reset(uint32_t file, Verdict how);
  /// A cell was set while nothing else ran.
  void Set(uint32_t file, uint32_t cell, CellValue value) { At(file, cell).initial = value; }

  CellValue Holds(uint32_t file, uint32_t cell) const {
    return histories_[size_t{file} * cells_per_file_ + cell].initial;
  }
  uint64_t checked() const { return checked_; }

 private:
  CellHistory& At(uint32_t file, uint32_t cell) {
    return histories_[size_t{file} * cells_per_file_ + cell];
  }
  void Distribute(std::span<const ThreadHistory> threads);
  void AddOperation(const ThreadHistory& thread, const Operation& operation, uint32_t number);
  void Report(uint32_t file, uint32_t cell, const Finding& finding,
              std::span<const ThreadHistory> threads, ViolationLog& log) const;
  void Advance(CellHistory& history) const;

  uint32_t cells_per_file_;
  bool fuse_;
  std::vector<CellHistory> histories_;
  uint64_t checked_ = 0;  // mutations and observations of single cells
};

}  // namespace faultline::stress
