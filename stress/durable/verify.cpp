// SPDX-License-Identifier: GPL-2.0-or-later
#include "durable/verify.h"

#include <fmt/format.h>

#include <cerrno>

#include "cells/cell.h"
#include "durable/cell_reader.h"
#include "durable/crash_log.h"
#include "durable/manifest.h"
#include "io/fault_guard.h"

namespace faultline::stress {
namespace {

/// What is wrong with a cell that has to hold exactly `value`.
std::optional<Verdict> JudgeKept(std::span<const std::byte, kCellSize> bytes,
                                 const CellExpectation& place, CellValue value) {
  CellExpectation exact = place;
  if (value != kZeroValue) exact.oldest = exact.newest = SequenceOf(value);
  switch (Classify(bytes, exact)) {
    case CellState::kOk:
      return value == kZeroValue ? std::optional(Verdict::kStaleAfterWrite) : std::nullopt;
    case CellState::kZero:
      return value == kZeroValue ? std::nullopt : std::optional(Verdict::kLostAfterFsync);
    case CellState::kStale: return Verdict::kLostAfterFsync;
    case CellState::kTorn: return Verdict::kTornCell;
    case CellState::kMisplaced: return Verdict::kMisplaced;
    case CellState::kResurrected: return Verdict::kResurrectedEpoch;
    case CellState::kForeign: return Verdict::kForeignData;
  }
  return std::nullopt;
}

class KeptVerifier {
 public:
  KeptVerifier(const Manifest& manifest, Pulse& pulse) : manifest_(manifest), pulse_(pulse) {}

  ScenarioResult Run(const std::string& directory) {
    for (const KeptFile& file : manifest_.files) {
      Doing doing(pulse_, 0, "verifying");
      if (auto read = VerifyFile(directory + "/" + file.name, file); !read)
        NoteUnreadable(file, read.error());
    }
    result_.counters = {{"files", manifest_.files.size()}, {"cells read", cells_}};
    result_.Conclude(false, std::nullopt);
    return std::move(result_);
  }

 private:
  Result<> VerifyFile(const std::string& path, const KeptFile& file) {
    return ReadEveryWay(path, file.cells.size() * kCellSize,
                        [&](std::span<const std::byte> bytes, const char* how) {
                          for (uint64_t i = 0; i < file.cells.size(); ++i)
                            VerifyCell(bytes, file, i, how);
                        });
  }

  void VerifyCell(std::span<const std::byte> bytes, const KeptFile& file, uint64_t i,
                  const char* how) {
    ++cells_;
    CellExpectation place{
        .run = manifest_.run, .file = file.id, .offset = i * kCellSize, .epoch = file.epoch};
    auto cell = CellAt(bytes, i * kCellSize);
    auto verdict = JudgeKept(cell, place, file.cells[i]);
    if (!verdict) return;
    result_.violations.Add(
        {*verdict,
         fmt::format("{} offset {:#x}, by {}", file.name, place.offset, how),
         fmt::format("holds {} instead of {}", Describe(cell), DescribeValue(file.cells[i])),
         {}});
  }

  /// A synced file that is missing, short or unreadable is lost.
  void NoteUnreadable(const KeptFile& file, const Error& error) {
    result_.violations.Add({Verdict::kLostAfterFsync, file.name, error.ToString(), {}});
  }

  const Manifest& manifest_;
  Pulse& pulse_;
  ScenarioResult result_;
  uint64_t cells_ = 0;
};

}  // namespace

ScenarioResult VerifyKept(const Settings& settings, Pulse& pulse) {
  auto manifest = LoadManifest(ManifestPath(settings));
  if (!manifest) {
    ScenarioResult result;
    result.outcome = Outcome::kError;
    result.reason = manifest.error().ToString();
    return result;
  }
  return KeptVerifier(*manifest, pulse).Run(KeptDirectory(settings));
}

ScenarioResult Verify(const Settings& settings, Pulse& pulse) {
  InstallFaultHandler();
  pulse.Begin("verify");
  Instant start = Now();
  ScenarioResult result =
      settings.crash_log.empty() ? VerifyKept(settings, pulse) : VerifyCrash(settings, pulse);
  result.scenario = "verify";
  result.seconds = 1e-9 * static_cast<double>(Now() - start);
  return result;
}

}  // namespace faultline::stress
