// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenarios/cells.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <deque>
#include <thread>

#include "check/window_check.h"
#include "durable/manifest.h"
#include "scenarios/cells_worker.h"

namespace faultline::stress {
namespace {

constexpr uint32_t kFiles = 3;
constexpr uint32_t kCellsPerFile = 32 * kCellsPerPage;
constexpr uint64_t kOperationsPerWindow = 250;  // of each thread
constexpr uint64_t kWindowsPerEpoch = 5;

Result<> TryFallocate(const CellsFile& file, int mode) {
  if (fallocate(file.fd(), mode | FALLOC_FL_KEEP_SIZE, 0, kPageSize) != 0) return Fail(errno);
  return {};
}

class CellsRun {
 public:
  explicit CellsRun(const ScenarioContext& context)
      : context_(context),
        threads_(context.settings.Threads()),
        random_(Random::Derive(context.seed, 0)),
        check_(kFiles, kCellsPerFile, context.filesystem.IsFuse()) {}

  ScenarioResult Run();

 private:
  Result<> Prepare();
  CellsCapabilities Probe();
  void StartWorkers(const CellsCapabilities& can);
  Result<> Windows();
  Result<> Window(Instant deadline);
  Result<> RepairTornCells();
  Result<> NextEpoch();
  Result<Verdict> Empty(CellsFile& file);
  Result<> KeepFiles();
  void AddCounters();

  const ScenarioContext& context_;
  const uint32_t threads_;
  Random random_;
  std::vector<CellsFile> files_;
  std::deque<CellsWorker> workers_;
  CellsCapabilities can_;
  WindowCheck check_;
  uint32_t epoch_ = 1;
  uint64_t windows_ = 0;
  uint64_t operations_ = 0;
  ScenarioResult result_;
};

ScenarioResult CellsRun::Run() {
  Result<> done = Prepare();
  if (done) done = Windows();
  if (done && context_.settings.keep) done = KeepFiles();
  AddCounters();
  std::optional<Error> error;
  if (!done) error = done.error();
  result_.Conclude(context_.pulse.stop, error);
  return std::move(result_);
}

Result<> CellsRun::Prepare() {
  Doing doing(context_.pulse, 0, "creating files");
  for (uint32_t i = 0; i < kFiles; ++i) {
    FL_ASSIGN_OR_RETURN(
        CellsFile file,
        CellsFile::Create(fmt::format("{}/cells{}", context_.directory, i), i + 1, kCellsPerFile));
    files_.push_back(std::move(file));
  }
  can_ = Probe();
  for (uint16_t thread = 0; thread < threads_; ++thread) {
    workers_.emplace_back(CellsWorker::Setup{thread, static_cast<uint16_t>(threads_), context_.run,
                                             context_.seed, can_, files_, &context_.pulse});
  }
  return {};
}

CellsCapabilities CellsRun::Probe() {
  CellsCapabilities can;
  Result<> punch = TryFallocate(files_[0], FALLOC_FL_PUNCH_HOLE);
  Result<> zero = TryFallocate(files_[0], FALLOC_FL_ZERO_RANGE);
  can.punch = punch.has_value();
  can.zero = zero.has_value();
  can.direct_reads_collide = !context_.filesystem.IsFuse();
  if (!punch) result_.left_out.emplace_back("punch hole", punch.error().ToString());
  if (!zero) result_.left_out.emplace_back("zero range", zero.error().ToString());
  if (files_[0].direct_fd() < 0)
    result_.left_out.emplace_back("O_DIRECT reads", "cannot be had here");
  return can;
}

Result<> CellsRun::Windows() {
  Instant start = Now(), deadline = start + context_.settings.Duration();
  constexpr Instant kMillisecond = 1'000'000;
  context_.pulse.goal = static_cast<uint64_t>(context_.settings.Duration() / kMillisecond);
  while (Now() < deadline && !context_.pulse.stop) {
    FL_TRY(Window(deadline));
    if (++windows_ % kWindowsPerEpoch == 0) FL_TRY(NextEpoch());
    context_.pulse.done = static_cast<uint64_t>((Now() - start) / kMillisecond);
    context_.pulse.violations = result_.violations.Failures();
  }
  return {};
}

Result<> CellsRun::Window(Instant deadline) {
  std::vector<std::thread> threads;
  for (CellsWorker& worker : workers_)
    threads.emplace_back([&] { worker.Work(kOperationsPerWindow, deadline, epoch_); });
  for (std::thread& thread : threads) thread.join();
  workers_[0].ReadEverything(epoch_);

  std::vector<ThreadHistory> histories;
  for (CellsWorker& worker : workers_) {
    operations_ += worker.history().operations.size();
    AddLatencies(worker.history().operations, result_.latencies);
    histories.push_back(std::move(worker.history()));
    worker.history().Clear();
    result_.violations.Merge(worker.violations());
    worker.violations() = {};
  }
  check_.Check(histories, result_.violations);
  for (CellsWorker& worker : workers_)
    if (worker.error()) return tl::unexpected(*worker.error());
  return RepairTornCells();
}

/// Two operations at once may leave a mixture; a known value has to follow it.
Result<> CellsRun::RepairTornCells() {
  for (uint32_t file = 0; file < kFiles; ++file) {
    for (uint32_t cell = 0; cell < kCellsPerFile; ++cell) {
      if (check_.Holds(file, cell) != kTornValue) continue;
      FL_ASSIGN_OR_RETURN(CellValue value, workers_[0].Repair(files_[file], cell, epoch_));
      check_.Set(file, cell, value);
    }
  }
  return {};
}

Result<> CellsRun::NextEpoch() {
  Doing doing(context_.pulse, 0, "emptying files");
  ++epoch_;
  for (uint32_t file = 0; file < kFiles; ++file) {
    FL_ASSIGN_OR_RETURN(Verdict how, Empty(files_[file]));
    check_.Reset(file, how);
  }
  return {};
}

/// Everything a file held is gone, in one of the ways there are.
Result<Verdict> CellsRun::Empty(CellsFile& file) {
  switch (random_.Below(can_.punch ? 4 : 3)) {
    case 0: FL_TRY(file.Recreate()); return Verdict::kForeignData;
    case 1: {
      FL_ASSIGN_OR_RETURN(UniqueFd truncating, OpenFile(file.path(), O_RDWR | O_TRUNC));
      FL_TRY(SetSize(file.fd(), file.size()));
      return Verdict::kStaleAfterTruncate;
    }
    case 2:
      FL_TRY(SetSize(file.fd(), 0));
      FL_TRY(SetSize(file.fd(), file.size()));
      return Verdict::kStaleAfterTruncate;
    default:
      if (fallocate(file.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                    static_cast<off_t>(file.size())) != 0)
        return Fail(errno, "punch hole");
      return Verdict::kStaleAfterPunch;
  }
}

Result<> CellsRun::KeepFiles() {
  Doing doing(context_.pulse, 0, "syncing what is kept");
  Manifest manifest{.run = context_.run, .seed = context_.seed, .files = {}};
  for (uint32_t i = 0; i < kFiles; ++i) {
    FL_TRY(Fsync(files_[i].fd()));
    KeptFile kept{fmt::format("cells{}", i), files_[i].id(), epoch_, {}};
    for (uint32_t cell = 0; cell < kCellsPerFile; ++cell)
      kept.cells.push_back(check_.Holds(i, cell));
    manifest.files.push_back(std::move(kept));
  }
  return SaveManifest(manifest, ManifestPath(context_.settings));
}

void CellsRun::AddCounters() {
  uint64_t collisions = 0;
  for (const CellsWorker& worker : workers_) collisions += worker.collisions();
  result_.counters = {{"operations", operations_},
                      {"windows", windows_},
                      {"epochs", epoch_},
                      {"cell events checked", check_.checked()},
                      {"kernel window", result_.violations.Count(Verdict::kKernelWindow)}};
  if (collisions > 0) result_.counters.emplace_back("O_DIRECT reads refused (EIO)", collisions);
}

}  // namespace

ScenarioResult RunCells(const ScenarioContext& context) { return CellsRun(context).Run(); }

}  // namespace faultline::stress
