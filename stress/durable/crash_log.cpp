// SPDX-License-Identifier: GPL-2.0-or-later
#include "durable/crash_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "durable/cell_reader.h"
#include "io/file.h"

namespace faultline::stress {
namespace {

constexpr uint64_t kMagic = 0x31676f6c68736372;  // "rcshlog1"
constexpr uint64_t kHeaderSize = 4096;

uint64_t SizeOf(uint64_t files, uint64_t cells_per_file) {
  return kHeaderSize + files * cells_per_file * sizeof(CrashRecord);
}

}  // namespace

Result<CrashLog> CrashLog::Create(const std::string& path, uint64_t run, uint64_t files,
                                  uint64_t cells_per_file) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDWR | O_CREAT | O_TRUNC));
  uint64_t size = SizeOf(files, cells_per_file);
  FL_TRY(SetSize(fd.get(), size));
  FL_ASSIGN_OR_RETURN(Mapping mapping, Mapping::Map(fd.get(), size));
  CrashLog log(std::move(mapping));
  log.header().magic = kMagic;
  log.header().run = run;
  log.header().files = files;
  log.header().cells_per_file = cells_per_file;
  return log;
}

Result<CrashLog> CrashLog::Open(const std::string& path) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDWR));
  struct stat status;
  if (fstat(fd.get(), &status) != 0) return Fail(errno, "{}", path);
  uint64_t size = static_cast<uint64_t>(status.st_size);
  if (size < kHeaderSize) return Fail(EIO, "{}: not a crash log", path);
  FL_ASSIGN_OR_RETURN(Mapping mapping, Mapping::Map(fd.get(), size));
  CrashLog log(std::move(mapping));
  const CrashLogHeader& header = log.header();
  constexpr uint64_t kSane = 1 << 20;
  if (header.magic != kMagic || header.files > kSane || header.cells_per_file > kSane ||
      SizeOf(header.files, header.cells_per_file) != size)
    return Fail(EIO, "{}: not a crash log", path);
  return log;
}

CrashRecord& CrashLog::At(uint64_t file, uint64_t cell) const {
  auto* records = reinterpret_cast<CrashRecord*>(mapping_.data() + kHeaderSize);
  return records[file * header().cells_per_file + cell];
}

std::optional<Verdict> JudgeAfterCrash(std::span<const std::byte, kCellSize> bytes,
                                       const CellExpectation& place, const CrashRecord& record) {
  CellExpectation allowed = place;
  allowed.oldest = record.synced;
  allowed.newest = record.started;
  switch (Classify(bytes, allowed)) {
    case CellState::kOk: return std::nullopt;
    case CellState::kZero:
      if (record.last_zero >= record.synced) return std::nullopt;
      return Verdict::kLostAfterFsync;
    case CellState::kStale: return Verdict::kLostAfterFsync;
    case CellState::kTorn:
      if (record.started > record.synced) return std::nullopt;
      return Verdict::kTornCell;
    case CellState::kMisplaced: return Verdict::kMisplaced;
    case CellState::kResurrected: return Verdict::kResurrectedEpoch;
    case CellState::kForeign: return Verdict::kForeignData;
  }
  return std::nullopt;
}

std::string CrashDirectory(const Settings& settings) {
  return settings.directory + "/faultline-stress.crash";
}

std::string CrashFileName(uint64_t file) { return fmt::format("crash{}", file); }

namespace {

class CrashVerifier {
 public:
  CrashVerifier(const CrashLog& log, Pulse& pulse) : log_(log), pulse_(pulse) {}

  ScenarioResult Run(const std::string& directory) {
    for (uint64_t file = 0; file < log_.header().files; ++file) {
      Doing doing(pulse_, 0, "verifying");
      for (uint64_t i = 0; i < log_.header().cells_per_file; ++i)
        synced_ += log_.At(file, i).synced > 0 ? 1 : 0;
      Result<> read = ReadEveryWay(
          directory + "/" + CrashFileName(file), log_.header().cells_per_file * kCellSize,
          [&](std::span<const std::byte> bytes, const char* how) { Judge(file, bytes, how); });
      if (!read) {
        result_.violations.Add(
            {Verdict::kLostAfterFsync, CrashFileName(file), read.error().ToString(), {}});
      }
    }
    result_.counters = {
        {"files", log_.header().files}, {"cells read", cells_}, {"cells synced", synced_}};
    result_.Conclude(false, std::nullopt);
    return std::move(result_);
  }

 private:
  void Judge(uint64_t file, std::span<const std::byte> bytes, const char* how) {
    for (uint64_t i = 0; i < log_.header().cells_per_file; ++i) {
      const CrashRecord& record = log_.At(file, i);
      CellExpectation place{.run = log_.header().run, .file = file + 1, .offset = i * kCellSize};
      auto cell = CellAt(bytes, place.offset);
      ++cells_;
      if (auto verdict = JudgeAfterCrash(cell, place, record))
        Report(*verdict, place, record, cell, how);
    }
  }

  void Report(Verdict verdict, const CellExpectation& place, const CrashRecord& record,
              std::span<const std::byte, kCellSize> cell, const char* how) {
    result_.violations.Add(
        {verdict,
         fmt::format("{} offset {:#x}, by {}", CrashFileName(place.file - 1), place.offset, how),
         fmt::format("holds {}; started {}, completed {}, synced {}, last zeroing {}",
                     Describe(cell), record.started.load(), record.completed.load(),
                     record.synced.load(), record.last_zero.load()),
         {}});
  }

  const CrashLog& log_;
  Pulse& pulse_;
  ScenarioResult result_;
  uint64_t cells_ = 0;
  uint64_t synced_ = 0;
};

ScenarioResult Unusable(const std::string& reason) {
  ScenarioResult result;
  result.outcome = Outcome::kError;
  result.reason = reason;
  return result;
}

}  // namespace

ScenarioResult VerifyCrash(const Settings& settings, Pulse& pulse) {
  auto log = CrashLog::Open(settings.crash_log);
  if (!log) return Unusable(log.error().ToString());
  if (log->header().ready == 0) return Unusable("the writers had not begun: nothing to verify");
  return CrashVerifier(*log, pulse).Run(CrashDirectory(settings));
}

}  // namespace faultline::stress
