// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace faultline::stress {

/// What a filesystem did wrong, by name.
enum class Verdict : uint8_t {
  kStaleAfterPunch,
  kStaleAfterZero,
  kStaleAfterTruncate,
  kStaleAfterCopy,
  kStaleAfterDirectWrite,
  kStaleAfterWrite,   // an overwritten value was read
  kLostStore,         // a completed store or write is gone
  kLostOutsideRange,  // bytes that a call must not touch changed
  kTornCell,          // parts of values, though nothing overlapped the read
  kResurrectedEpoch,  // data of an earlier life of the file
  kForeignData,       // of another file, another run, or never written
  kMisplaced,         // of this file, elsewhere
  kLostAfterFsync,    // synced data was not there after a remount
  kHang,
  kKernelWindow,  // what the FUSE client loses by itself: counted, never a failure
};

const char* Name(Verdict verdict);
std::optional<Verdict> VerdictNamed(const std::string& name);

/// One operation on a violating cell, for a drawing. Times in ns since the first of them.
struct TimelineEvent {
  enum class Kind : uint8_t { kReads, kWrites, kZeroes };

  int64_t begin = 0;
  int64_t end = 0;
  uint32_t thread = 0;
  Kind kind = Kind::kReads;
  std::string call;
  std::string value;
  bool guilty = false;  // it saw, or set, the value that must not have been seen
};

/// One proven mistake, with what a reader needs to believe it.
struct Violation {
  Verdict verdict;
  std::string where;                       // "file 1 page 3 cell 7 (offset 0x31c0)"
  std::string what;                        // one sentence
  std::vector<std::string> timeline;       // the operations around it, oldest first
  std::vector<TimelineEvent> events = {};  // the same, where they are known one by one
};

/// Counts every violation and keeps the first few of each kind.
class ViolationLog {
 public:
  static constexpr size_t kKeptPerVerdict = 3;

  ViolationLog() = default;
  ViolationLog(std::map<Verdict, uint64_t> counts, std::vector<Violation> kept)
      : counts_(std::move(counts)), kept_(std::move(kept)) {}

  void Add(Violation violation);
  void CountKernelWindow(uint64_t n = 1) { counts_[Verdict::kKernelWindow] += n; }
  void Merge(const ViolationLog& other);

  uint64_t Count(Verdict verdict) const;
  /// Everything but the kernel window.
  uint64_t Failures() const;
  bool Wants(Verdict verdict) const { return Count(verdict) < kKeptPerVerdict; }
  const std::map<Verdict, uint64_t>& counts() const { return counts_; }
  const std::vector<Violation>& kept() const { return kept_; }

 private:
  std::map<Verdict, uint64_t> counts_;
  std::vector<Violation> kept_;
};

}  // namespace faultline::stress
