// SPDX-License-Identifier: GPL-2.0-or-later
#include "check/window_check.h"

#include <fmt/format.h>

#include <algorithm>

#include "cells/cell.h"

namespace faultline::stress {
namespace {

constexpr size_t kTimelineLength = 24;

struct TimelineEntry {
  const Operation* operation;
  CellValue value;
};

bool CoversPartOfPage(const Operation& operation, uint32_t cell) {
  uint32_t first_of_page = cell - cell % static_cast<uint32_t>(kCellsPerPage);
  uint32_t last_of_page = first_of_page + static_cast<uint32_t>(kCellsPerPage) - 1;
  return !operation.Covers(first_of_page) || !operation.Covers(last_of_page);
}

CellValue ValueAt(const ThreadHistory& thread, const Operation& operation, uint32_t cell) {
  uint32_t index = cell - operation.first_cell;
  if (operation.effect == Effect::kReads) return thread.values[operation.values + index];
  if (operation.effect == Effect::kWrites) return operation.first_value + index;
  return kZeroValue;
}

/// All operations on a cell, oldest first.
std::vector<TimelineEntry> OperationsOn(uint32_t file, uint32_t cell,
                                        std::span<const ThreadHistory> threads) {
  std::vector<TimelineEntry> found;
  for (const ThreadHistory& thread : threads) {
    for (const Operation& operation : thread.operations)
      if (operation.file == file && operation.Covers(cell) && operation.effect != Effect::kNone)
        found.push_back({&operation, ValueAt(thread, operation, cell)});
  }
  std::sort(found.begin(), found.end(), [](const TimelineEntry& a, const TimelineEntry& b) {
    return a.operation->when.begin < b.operation->when.begin;
  });
  return found;
}

std::string Describe(const TimelineEntry& entry, Instant origin) {
  const Operation& operation = *entry.operation;
  const char* verb = operation.effect == Effect::kReads ? "sees" : "sets";
  return fmt::format("{:>10.1f} .. {:>10.1f} us  thread {:<2} {:<28} [{:#x}, {:#x}) {} {}{}",
                     1e-3 * static_cast<double>(operation.when.begin - origin),
                     1e-3 * static_cast<double>(operation.when.end - origin), operation.thread,
                     operation.call, operation.first_cell * kCellSize,
                     (operation.first_cell + operation.cells) * kCellSize, verb,
                     DescribeValue(entry.value), operation.maybe ? " (failed)" : "");
}

TimelineEvent ToEvent(const TimelineEntry& entry, Instant origin, CellValue seen) {
  const Operation& operation = *entry.operation;
  auto kind = operation.effect == Effect::kReads    ? TimelineEvent::Kind::kReads
              : operation.effect == Effect::kWrites ? TimelineEvent::Kind::kWrites
                                                    : TimelineEvent::Kind::kZeroes;
  return {operation.when.begin - origin,
          operation.when.end - origin,
          operation.thread,
          kind,
          operation.call,
          DescribeValue(entry.value),
          entry.value == seen};
}

/// The part of the timeline around the last operation that saw or set the value in question.
void AddTimeline(const std::vector<TimelineEntry>& all, CellValue seen, Violation& violation) {
  if (all.empty()) return;
  size_t middle = 0;
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].value == seen) middle = i;
  size_t end = std::min(all.size(), middle + kTimelineLength / 3);
  size_t begin = end > kTimelineLength ? end - kTimelineLength : 0;
  Instant origin = all.front().operation->when.begin;
  for (size_t i = begin; i < end; ++i) {
    violation.timeline.push_back(Describe(all[i], origin));
    violation.events.push_back(ToEvent(all[i], origin, seen));
  }
}

}  // namespace

WindowCheck::WindowCheck(uint32_t files, uint32_t cells_per_file, bool fuse)
    : cells_per_file_(cells_per_file), fuse_(fuse), histories_(size_t{files} * cells_per_file) {}

void WindowCheck::Check(std::span<const ThreadHistory> threads, ViolationLog& log) {
  Distribute(threads);
  for (size_t i = 0; i < histories_.size(); ++i) {
    CellHistory& history = histories_[i];
    checked_ += history.mutations.size() + history.observations.size();
    if (auto finding = CheckCell(history, fuse_)) {
      Report(static_cast<uint32_t>(i / cells_per_file_), static_cast<uint32_t>(i % cells_per_file_),
             *finding, threads, log);
    }
    Advance(history);
  }
}

void WindowCheck::Reset(uint32_t file, Verdict how) {
  for (uint32_t cell = 0; cell < cells_per_file_; ++cell) {
    At(file, cell).initial = kZeroValue;
    At(file, cell).initial_stale = how;
  }
}

void WindowCheck::Distribute(std::span<const ThreadHistory> threads) {
  for (CellHistory& history : histories_) history.Clear();
  uint32_t number = 0;
  for (const ThreadHistory& thread : threads)
    for (const Operation& operation : thread.operations) AddOperation(thread, operation, number++);
}

void WindowCheck::AddOperation(const ThreadHistory& thread, const Operation& operation,
                               uint32_t number) {
  if (operation.effect == Effect::kNone) return;
  for (uint32_t i = 0; i < operation.cells; ++i) {
    uint32_t cell = operation.first_cell + i;
    CellHistory& history = At(operation.file, cell);
    CellValue value = ValueAt(thread, operation, cell);
    if (operation.effect == Effect::kReads) {
      history.observations.push_back({value, operation.when, operation.direct, number});
    } else {
      bool maybe = operation.maybe || operation.effect == Effect::kMayZero;
      history.mutations.push_back({value, operation.when, operation.stale, maybe,
                                   CoversPartOfPage(operation, cell), number});
    }
  }
}

void WindowCheck::Report(uint32_t file, uint32_t cell, const Finding& finding,
                         std::span<const ThreadHistory> threads, ViolationLog& log) const {
  if (finding.verdict == Verdict::kKernelWindow) return log.CountKernelWindow();
  Violation violation{finding.verdict,
                      fmt::format("file {} page {} cell {} (offset {:#x})", file,
                                  cell / kCellsPerPage, cell, cell * kCellSize),
                      fmt::format("saw {} where {} had to be", DescribeValue(finding.seen),
                                  DescribeValue(finding.instead)),
                      {}};
  if (log.Wants(finding.verdict))
    AddTimeline(OperationsOn(file, cell, threads), finding.seen, violation);
  log.Add(std::move(violation));
}

/// The last observation is the state at the end of the window.
void WindowCheck::Advance(CellHistory& history) const {
  if (history.observations.empty()) return;
  auto last = std::max_element(
      history.observations.begin(), history.observations.end(),
      [](const Observation& a, const Observation& b) { return a.when.begin < b.when.begin; });
  history.initial = last->value;
  const Mutation* newest = nullptr;
  for (const Mutation& mutation : history.mutations)
    if (!mutation.maybe && (newest == nullptr || mutation.when.end > newest->when.end))
      newest = &mutation;
  if (newest != nullptr) history.initial_stale = newest->stale;
}

}  // namespace faultline::stress
