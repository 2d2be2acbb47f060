// SPDX-License-Identifier: GPL-2.0-or-later
#include "check/verdict.h"

#include <algorithm>

namespace faultline::stress {

const char* Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kStaleAfterPunch: return "stale after punch";
    case Verdict::kStaleAfterZero: return "stale after zero range";
    case Verdict::kStaleAfterTruncate: return "stale after truncate";
    case Verdict::kStaleAfterCopy: return "stale after copy_file_range";
    case Verdict::kStaleAfterDirectWrite: return "stale after O_DIRECT write";
    case Verdict::kStaleAfterWrite: return "stale after write";
    case Verdict::kLostStore: return "lost store";
    case Verdict::kLostOutsideRange: return "lost outside the range";
    case Verdict::kTornCell: return "torn cell";
    case Verdict::kResurrectedEpoch: return "resurrected epoch";
    case Verdict::kForeignData: return "foreign data";
    case Verdict::kMisplaced: return "misplaced data";
    case Verdict::kLostAfterFsync: return "lost after fsync";
    case Verdict::kHang: return "hang";
    case Verdict::kKernelWindow: return "kernel window";
  }
  return "?";
}

std::optional<Verdict> VerdictNamed(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(Verdict::kKernelWindow); ++i)
    if (name == Name(static_cast<Verdict>(i))) return static_cast<Verdict>(i);
  return std::nullopt;
}

void ViolationLog::Add(Violation violation) {
  if (counts_[violation.verdict]++ < kKeptPerVerdict) kept_.push_back(std::move(violation));
}

void ViolationLog::Merge(const ViolationLog& other) {
  for (const Violation& violation : other.kept_) {
    auto same = [&](const Violation& v) { return v.verdict == violation.verdict; };
    if (std::count_if(kept_.begin(), kept_.end(), same) < long{kKeptPerVerdict})
      kept_.push_back(violation);
  }
  for (const auto& [verdict, count] : other.counts_) counts_[verdict] += count;
}

uint64_t ViolationLog::Count(Verdict verdict) const {
  auto found = counts_.find(verdict);
  return found == counts_.end() ? 0 : found->second;
}

uint64_t ViolationLog::Failures() const {
  uint64_t sum = 0;
  for (const auto& [verdict, count] : counts_)
    if (verdict != Verdict::kKernelWindow) sum += count;
  return sum;
}

}  // namespace faultline::stress
