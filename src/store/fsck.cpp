// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck.h"

#include <algorithm>

#include "store/fsck/context.h"
#include "store/fsck/file_store.h"

namespace faultline::store {

namespace {

Result<> RunPasses(fsck::Context& context) {
  FL_ASSIGN_OR_RETURN(const bool known, fsck::CheckFormat(context));
  if (!known) return {};
  FL_TRY(fsck::CheckInodes(context));
  FL_TRY(fsck::CheckBlocks(context));
  if (context.options.data) FL_TRY(fsck::CheckData(context));
  FL_TRY(fsck::CheckNames(context));
  FL_TRY(fsck::CheckTree(context));
  return fsck::CheckCounts(context);
}

bool CanRepair(const Problem& problem) { return !problem.repair.empty(); }

bool MayRepair(FsckMode mode, const FsckReport& report) {
  if (mode == FsckMode::kCheck || !std::ranges::any_of(report.problems, CanRepair)) return false;
  return mode == FsckMode::kRepair || std::ranges::all_of(report.problems, &Problem::harmless);
}

}  // namespace

bool FsckReport::LeavesProblems() const {
  return repaired ? !std::ranges::all_of(problems, CanRepair) : !problems.empty();
}

Result<FsckReport> CheckRecords(FsckStore& store, const FsckOptions& options) {
  fsck::Context context(store, options);
  FL_TRY(RunPasses(context));
  if (MayRepair(options.mode, context.report)) {
    context.EnterPass("repair");
    FL_TRY(context.edits.Write());
    context.report.repaired = true;
  }
  return std::move(context.report);
}

Result<FsckReport> CheckStore(const std::filesystem::path& path, const FsckOptions& options) {
  FL_ASSIGN_OR_RETURN(auto store, fsck::FileStore::Open(path, options.mode == FsckMode::kCheck));
  return CheckRecords(*store, options);
}

}  // namespace faultline::store
