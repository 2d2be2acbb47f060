// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenarios/cells_worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/fault_guard.h"
#include "io/mapped_memory.h"

namespace faultline::stress {
namespace {

constexpr uint32_t kLongestIo = 4 * kCellsPerPage;
constexpr uint32_t kGroup = 4 * kCellsPerPage;  // of the coarse parts of a file: one writer each

Verdict OfCellState(CellState state) {
  switch (state) {
    case CellState::kMisplaced: return Verdict::kMisplaced;
    case CellState::kResurrected: return Verdict::kResurrectedEpoch;
    default: return Verdict::kForeignData;
  }
}

}  // namespace

const std::span<const CellsWorker::Choice> CellsWorker::kChoices = [] {
  static constexpr Choice kTable[] = {
      {20, &CellsWorker::Pwrite},
      {25, &CellsWorker::Store},
      {2, &CellsWorker::StoreThroughNewMapping},
      {3, &CellsWorker::Punch},
      {3, &CellsWorker::ZeroRange},
      {2, &CellsWorker::CutAndGrow},
      {10, &CellsWorker::Pread},
      {12, &CellsWorker::Load},
      {4, &CellsWorker::LoadPrivate},
      {2, &CellsWorker::LoadThroughNewMapping},
      {5, &CellsWorker::PreadCold},
      {4, &CellsWorker::PreadDirect},
      {2, &CellsWorker::Fsync},
      {3, &CellsWorker::Msync},
      {6, &CellsWorker::StartWriteback},
  };
  return std::span<const Choice>(kTable);
}();

CellsWorker::CellsWorker(const Setup& setup)
    : setup_(setup),
      random_(Random::Derive(setup.seed, setup.thread + 1)),
      buffer_(setup.files.front().size()),
      direct_buffer_(setup.files.front().size()) {}

void CellsWorker::Work(uint64_t operations, Instant deadline, uint32_t epoch) {
  epoch_ = epoch;
  for (uint64_t i = 0; i < operations && !error_ && !setup_.pulse->stop && Now() < deadline; ++i)
    Draw();
}

void CellsWorker::Draw() {
  static const uint64_t total = [] {
    uint64_t sum = 0;
    for (const Choice& choice : kChoices) sum += choice.weight;
    return sum;
  }();
  uint64_t drawn = random_.Below(total);
  CellsFile& file = setup_.files[random_.Below(setup_.files.size())];
  for (const Choice& choice : kChoices) {
    if (drawn < choice.weight) return (this->*choice.action)(file);
    drawn -= choice.weight;
  }
}

/// Every other group of four pages has one writer, for long writes; in the rest each cell has
/// another writer than its neighbours.
CellsWorker::Range CellsWorker::DrawOwned(const CellsFile& file) {
  uint32_t threads = setup_.threads, self = setup_.thread;
  uint32_t groups = file.cells() / kGroup;
  uint32_t group = static_cast<uint32_t>(random_.Below(groups));
  if (group % 2 == 0 && group / 2 % threads == self) {
    uint32_t cells = 1 + static_cast<uint32_t>(random_.Below(kGroup));
    return {group * kGroup + static_cast<uint32_t>(random_.Below(kGroup - cells + 1)), cells};
  }
  uint32_t fine = std::min(group | 1, groups - 1);
  uint32_t cell = static_cast<uint32_t>(random_.Below(kGroup / threads)) * threads + self;
  return {fine * kGroup + cell, 1};
}

CellsWorker::Range CellsWorker::DrawAny(const CellsFile& file, uint32_t longest) {
  uint32_t cells = 1 + static_cast<uint32_t>(random_.Below(longest));
  uint32_t first = static_cast<uint32_t>(random_.Below(file.cells() - cells + 1));
  if (random_.OneIn(2)) {  // whole pages
    first -= first % kCellsPerPage;
    cells += kCellsPerPage - 1;
    cells -= cells % kCellsPerPage;
    cells = std::min(cells, file.cells() - first);
  }
  return {first, cells};
}

std::span<const std::byte> CellsWorker::MakeCells(const CellsFile& file, Range range,
                                                  CellValue& first) {
  first = MakeValue(setup_.thread, sequence_ + 1);
  for (uint32_t i = 0; i < range.cells; ++i) {
    Cell cell = MakeCell(
        {setup_.run, file.id(), (range.first + i) * kCellSize, setup_.thread, epoch_, ++sequence_});
    std::memcpy(buffer_.data() + i * kCellSize, &cell, sizeof(cell));
  }
  return std::span(buffer_).first(range.cells * kCellSize);
}

void CellsWorker::Pwrite(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "pwrite");
  Range range = DrawOwned(file);
  CellValue first;
  auto bytes = MakeCells(file, range, first);
  Interval when{Now(), 0};
  Result<> written = WriteAt(file.fd(), bytes, range.first * kCellSize);
  when.end = Now();
  Operation& operation = Record(file, range, Effect::kWrites, "pwrite", when);
  operation.first_value = first;
  operation.maybe = !written.has_value();
  Note(written);
}

void CellsWorker::Store(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "mapped store");
  StoreThrough(file.shared(), file, "mapped store");
}

void CellsWorker::StoreThroughNewMapping(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "mmap, store, munmap");
  auto mapping = Mapping::Map(file.fd(), file.size());
  if (!mapping) return Note(tl::unexpected(mapping.error()));
  StoreThrough(*mapping, file, "store, new mapping");
}

void CellsWorker::StoreThrough(const Mapping& mapping, CellsFile& file, const char* call) {
  Range range = DrawOwned(file);
  CellValue first;
  auto bytes = MakeCells(file, range, first);
  Interval when{Now(), 0};
  bool stored = Guarded(
      [&] { CopyMapped(mapping.data() + range.first * kCellSize, bytes.data(), bytes.size()); });
  when.end = Now();
  Operation& operation = Record(file, range, Effect::kWrites, call, when);
  operation.first_value = first;
  operation.maybe = !stored;  // it ran into the end of the file
}

void CellsWorker::Punch(CellsFile& file) {
  if (!setup_.can.punch) return;
  Fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, Verdict::kStaleAfterPunch,
            "punch hole");
}

void CellsWorker::ZeroRange(CellsFile& file) {
  if (!setup_.can.zero) return;
  Fallocate(file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, Verdict::kStaleAfterZero,
            "zero range");
}

void CellsWorker::Fallocate(CellsFile& file, int mode, Verdict stale, const char* call) {
  Doing doing(*setup_.pulse, setup_.thread, call);
  Range range = DrawAny(file, random_.OneIn(8) ? file.cells() : kLongestIo);
  Interval when{Now(), 0};
  int failed = fallocate(file.fd(), mode, static_cast<off_t>(range.first * kCellSize),
                         static_cast<off_t>(range.cells * kCellSize));
  Result<> result;
  if (failed != 0) result = Fail(errno, "{}", call);
  when.end = Now();
  RecordKill(file, range, stale, call, when, failed != 0);
  Note(result);
}

/// Cells of the cut part are zero afterwards; a store into the last, partly cut page may live until
/// the file grows over it.
void CellsWorker::CutAndGrow(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "ftruncate");
  uint32_t first = static_cast<uint32_t>(random_.Below(file.cells()));
  Range range{first, file.cells() - first};
  Interval cut{Now(), 0};
  Result<> result = SetSize(file.fd(), first * kCellSize);
  cut.end = Now();
  RecordKill(file, range, Verdict::kStaleAfterTruncate, "truncate", cut, !result.has_value());
  Note(result);
  result = SetSize(file.fd(), file.size());
  Record(file, range, Effect::kMayZero, "grow again", {cut.begin, Now()}).stale =
      Verdict::kStaleAfterTruncate;
  Note(result);
}

void CellsWorker::Pread(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "pread");
  ReadInto(file, file.fd(), DrawAny(file, kLongestIo), buffer_, "pread");
}

void CellsWorker::Load(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "load");
  LoadFrom(file.shared(), file, DrawAny(file, kCellsPerPage), "load");
}

void CellsWorker::LoadPrivate(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "load, private mapping");
  LoadFrom(file.private_copy(), file, DrawAny(file, kCellsPerPage), "load, private mapping");
}

void CellsWorker::LoadThroughNewMapping(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "mmap, load, munmap");
  auto mapping = Mapping::Map(file.fd(), file.size(), Mapping::Kind::kSharedReadOnly);
  if (!mapping) return Note(tl::unexpected(mapping.error()));
  LoadFrom(*mapping, file, DrawAny(file, kLongestIo), "load, new mapping");
}

/// Drops the cache first, so that the pages come from the server or the disk.
void CellsWorker::PreadCold(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "drop cache, pread");
  Range range = DrawAny(file, kLongestIo);
  Note(FlushRange(file.fd(), range.first * kCellSize, range.cells * kCellSize));
  file.shared().Unpopulate();
  file.private_copy().Unpopulate();
  DropCached(file.fd(), 0, 0);
  if (random_.OneIn(2)) readahead(file.fd(), 0, file.size());
  ReadInto(file, file.fd(), range, buffer_, "pread, cache dropped");
}

void CellsWorker::PreadDirect(CellsFile& file) {
  if (file.direct_fd() < 0) return;
  Doing doing(*setup_.pulse, setup_.thread, "O_DIRECT pread");
  uint32_t pages = file.cells() / kCellsPerPage;
  uint32_t count = 1 + static_cast<uint32_t>(random_.Below(4));
  uint32_t page = static_cast<uint32_t>(random_.Below(pages - count + 1));
  Range range{page * uint32_t{kCellsPerPage}, count * uint32_t{kCellsPerPage}};
  ReadInto(file, file.direct_fd(), range, direct_buffer_.bytes(), "O_DIRECT pread");
}

void CellsWorker::Fsync(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "fsync");
  bool data_only = random_.OneIn(2);
  Interval when{Now(), 0};
  int failed = data_only ? fdatasync(file.fd()) : fsync(file.fd());
  Result<> result;
  if (failed != 0) result = Fail(errno, "fsync");
  when.end = Now();
  Record(file, {0, file.cells()}, Effect::kNone, data_only ? "fdatasync" : "fsync", when);
  Note(result);
}

void CellsWorker::Msync(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "msync");
  Range range = DrawAny(file, kLongestIo);
  Interval when{Now(), 0};
  Result<> synced = file.shared().Sync(range.first * kCellSize, range.cells * kCellSize);
  when.end = Now();
  Record(file, range, Effect::kNone, "msync", when);
  Note(synced);
}

void CellsWorker::StartWriteback(CellsFile& file) {
  Doing doing(*setup_.pulse, setup_.thread, "sync_file_range");
  sync_file_range(file.fd(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

void CellsWorker::LoadFrom(const Mapping& mapping, CellsFile& file, Range range, const char* call) {
  auto bytes = std::span(buffer_).first(range.cells * kCellSize);
  Interval when{Now(), 0};
  bool loaded = Guarded(
      [&] { CopyMapped(bytes.data(), mapping.data() + range.first * kCellSize, bytes.size()); });
  when.end = Now();
  if (loaded) RecordRead(file, range, bytes, {call, when, false});  // or it met the end of the file
}

void CellsWorker::ReadInto(CellsFile& file, int fd, Range range, std::span<std::byte> buffer,
                           const char* call) {
  auto bytes = buffer.first(range.cells * kCellSize);
  Interval when{Now(), 0};
  Result<size_t> got = ReadAt(fd, bytes, range.first * kCellSize);
  when.end = Now();
  if (!got && got.error().code() == EIO && fd == file.direct_fd() &&
      setup_.can.direct_reads_collide) {
    ++collisions_;
    return;
  }
  if (!got) return Note(tl::unexpected(got.error()));
  range.cells = static_cast<uint32_t>(*got / kCellSize);  // short at the end of the file
  bool direct = fd == file.direct_fd();
  RecordRead(file, range, bytes.first(range.cells * kCellSize), {call, when, direct});
}

Operation& CellsWorker::Record(const CellsFile& file, Range range, Effect effect, const char* call,
                               Interval when) {
  Operation& operation = history_.operations.emplace_back();
  operation.call = call;
  operation.effect = effect;
  operation.thread = setup_.thread;
  operation.file = static_cast<uint32_t>(&file - setup_.files.data());
  operation.first_cell = range.first;
  operation.cells = range.cells;
  operation.when = when;
  return operation;
}

void CellsWorker::RecordKill(const CellsFile& file, Range range, Verdict stale, const char* call,
                             Interval when, bool maybe) {
  Operation& operation = Record(file, range, Effect::kZeroes, call, when);
  operation.stale = stale;
  operation.maybe = maybe;
}

/// Cells that no history can explain are reported at once; runs of others are recorded.
void CellsWorker::RecordRead(const CellsFile& file, Range range, std::span<const std::byte> bytes,
                             const ReadCall& read) {
  Range run{range.first, 0};
  uint32_t values = static_cast<uint32_t>(history_.values.size());
  auto end_run = [&](uint32_t next) {
    if (run.cells > 0) {
      Operation& operation = Record(file, run, Effect::kReads, read.call, read.when);
      operation.values = values;
      operation.direct = read.direct;
    }
    run = {next, 0};
    values = static_cast<uint32_t>(history_.values.size());
  };
  for (uint32_t i = 0; i < range.cells; ++i) {
    uint32_t cell = range.first + i;
    auto value = ValueOf(file, cell, CellAt(bytes, i * kCellSize), read.call);
    if (value) {
      history_.values.push_back(*value);
      ++run.cells;
    } else {
      end_run(cell + 1);
    }
  }
  end_run(0);
}

/// Nothing, and a violation, for a cell that was not written here in this epoch.
std::optional<CellValue> CellsWorker::ValueOf(const CellsFile& file, uint32_t cell,
                                              std::span<const std::byte, kCellSize> bytes,
                                              const char* call) {
  CellExpectation expected{
      .run = setup_.run, .file = file.id(), .offset = cell * kCellSize, .epoch = epoch_};
  CellState state = Classify(bytes, expected);
  if (state == CellState::kZero) return kZeroValue;
  if (state == CellState::kTorn) return kTornValue;
  if (state == CellState::kOk) {
    Cell content;
    std::memcpy(&content, bytes.data(), sizeof(content));
    return MakeValue(content.writer, content.sequence);
  }
  violations_.Add({OfCellState(state),
                   fmt::format("file {} page {} offset {:#x}, by {}", file.id() - 1,
                               cell / kCellsPerPage, expected.offset, call),
                   fmt::format("holds {}; epoch is {}", Describe(bytes), epoch_),
                   {}});
  return std::nullopt;
}

void CellsWorker::ReadEverything(uint32_t epoch) {
  epoch_ = epoch;
  for (CellsFile& file : setup_.files) {
    Doing doing(*setup_.pulse, setup_.thread, "reading everything");
    Range all{0, file.cells()};
    LoadFrom(file.shared(), file, all, "final load");
    ReadInto(file, file.fd(), all, buffer_, "final pread");
    Note(FlushRange(file.fd(), 0, 0));
    file.shared().Unpopulate();
    file.private_copy().Unpopulate();
    DropCached(file.fd(), 0, 0);
    if (file.direct_fd() >= 0)
      ReadInto(file, file.direct_fd(), all, direct_buffer_.bytes(), "final O_DIRECT pread");
    ReadInto(file, file.fd(), all, buffer_, "final pread, cache dropped");
  }
}

Result<CellValue> CellsWorker::Repair(CellsFile& file, uint32_t cell, uint32_t epoch) {
  epoch_ = epoch;
  CellValue value;
  FL_TRY(WriteAt(file.fd(), MakeCells(file, {cell, 1}, value), cell * kCellSize));
  return value;
}

/// Remembers the first error; the scenario ends with it.
void CellsWorker::Note(Result<> result) {
  if (!result && !error_) error_ = result.error();
}

}  // namespace faultline::stress
