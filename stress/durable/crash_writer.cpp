// SPDX-License-Identifier: GPL-2.0-or-later
#include "durable/crash_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "history/operation.h"
#include "io/fault_guard.h"
#include "io/file.h"
#include "io/mapped_memory.h"

namespace faultline::stress {
namespace {

constexpr uint64_t kLongest = 2 * kCellsPerPage;
constexpr uint64_t kUnevenness = 13;  // parts of writers begin inside a page

}  // namespace

CrashWriter::CrashWriter(const Setup& setup)
    : setup_(setup), random_(Random::Derive(setup.seed, setup.thread + 1)) {}

Result<CrashWriter> CrashWriter::Open(const Setup& setup) {
  CrashWriter writer(setup);
  const CrashLogHeader& header = setup.log->header();
  uint64_t size = header.cells_per_file * kCellSize;
  for (uint64_t file = 0; file < header.files; ++file) {
    FL_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(setup.directory + "/" + CrashFileName(file), O_RDWR));
    FL_ASSIGN_OR_RETURN(Mapping mapping, Mapping::Map(fd.get(), size));
    writer.files_.push_back({std::move(fd), std::move(mapping)});
  }
  writer.buffer_.resize(size);
  return writer;
}

void CrashWriter::Work(Instant deadline) {
  while (!setup_.pulse->stop && Now() < deadline && !error_) {
    Doing doing(*setup_.pulse, setup_.thread, "crash writer");
    if (auto done = Step(); !done) error_ = done.error();
    ++operations_;
  }
}

Result<> CrashWriter::Step() {
  switch (random_.Below(16)) {
    case 0: return SyncFile(Own(DrawCells(1).file));
    case 1: return SyncMapping(DrawCells(kLongest));
    case 2: return Zero(DrawCells(kLongest), FALLOC_FL_PUNCH_HOLE);
    case 3: return Zero(DrawCells(kLongest), FALLOC_FL_ZERO_RANGE);
    case 4: return Write(DrawCells(kLongest), true);
    case 5:
    case 6: return ReadBack(DrawCells(kLongest));
    case 7:
    case 8:
    case 9:
    case 10: return Write(DrawCells(kLongest), false);
    default: return Store(DrawCells(random_.OneIn(4) ? kLongest : 1));
  }
}

CrashWriter::Cells CrashWriter::Own(uint32_t file) const {
  uint64_t cells = setup_.log->header().cells_per_file;
  auto edge = [&](uint64_t n) {
    return n == 0 ? 0 : n == setup_.threads ? cells : cells * n / setup_.threads + kUnevenness;
  };
  return {file, edge(setup_.thread), edge(setup_.thread + 1)};
}

CrashWriter::Cells CrashWriter::DrawCells(uint64_t longest) {
  Cells own = Own(static_cast<uint32_t>(random_.Below(files_.size())));
  uint64_t count = 1 + random_.Below(std::min(longest, own.end - own.begin));
  uint64_t begin = own.begin + random_.Below(own.end - own.begin - count + 1);
  return {own.file, begin, begin + count};
}

/// Announces new values and makes the bytes that carry them.
std::span<const std::byte> CrashWriter::Begin(Cells cells) {
  for (uint64_t i = cells.begin; i < cells.end; ++i) {
    Cell cell = MakeCell(
        {setup_.log->header().run, cells.file + 1, i * kCellSize, setup_.thread, 0, ++sequence_});
    std::memcpy(buffer_.data() + (i - cells.begin) * kCellSize, &cell, sizeof(cell));
    setup_.log->At(cells.file, i).started = sequence_;
  }
  return std::span(buffer_).first((cells.end - cells.begin) * kCellSize);
}

void CrashWriter::Complete(Cells cells, uint64_t first_sequence) {
  for (uint64_t i = cells.begin; i < cells.end; ++i)
    setup_.log->At(cells.file, i).completed = first_sequence + (i - cells.begin);
}

Result<> CrashWriter::Write(Cells cells, bool durable) {
  uint64_t first = sequence_ + 1;
  auto bytes = Begin(cells);
  iovec vector{const_cast<std::byte*>(bytes.data()), bytes.size()};
  ssize_t written = pwritev2(files_[cells.file].fd.get(), &vector, 1,
                             static_cast<off_t>(cells.begin * kCellSize), durable ? RWF_DSYNC : 0);
  if (written < 0) return Fail(errno, "pwrite");
  if (static_cast<size_t>(written) != bytes.size()) return Fail(EIO, "short pwrite");
  Complete(cells, first);
  if (durable) MarkSynced(cells, Completed(cells));
  return {};
}

Result<> CrashWriter::Store(Cells cells) {
  uint64_t first = sequence_ + 1;
  auto bytes = Begin(cells);
  std::byte* to = files_[cells.file].mapping.data() + cells.begin * kCellSize;
  if (!Guarded([&] { CopyMapped(to, bytes.data(), bytes.size()); }))
    return Fail(ENOTCONN, "SIGBUS inside the file");
  FenceMemory();
  Complete(cells, first);
  return {};
}

Result<> CrashWriter::Zero(Cells cells, int mode) {
  if (!can_zero_) return {};
  uint64_t first = sequence_ + 1;
  for (uint64_t i = cells.begin; i < cells.end; ++i) {
    CrashRecord& record = setup_.log->At(cells.file, i);
    record.last_zero = ++sequence_;
    record.started = sequence_;
  }
  if (fallocate(files_[cells.file].fd.get(), mode | FALLOC_FL_KEEP_SIZE,
                static_cast<off_t>(cells.begin * kCellSize),
                static_cast<off_t>((cells.end - cells.begin) * kCellSize)) != 0) {
    if (errno != EOPNOTSUPP && errno != EINVAL) return Fail(errno, "fallocate");
    can_zero_ = false;
    return Write(cells, false);
  }
  Complete(cells, first);
  return {};
}

Result<> CrashWriter::SyncFile(Cells cells) {
  auto completed = Completed(cells);
  int fd = files_[cells.file].fd.get();
  if ((random_.OneIn(2) ? fsync(fd) : fdatasync(fd)) != 0) return Fail(errno, "fsync");
  MarkSynced(cells, completed);
  return {};
}

Result<> CrashWriter::SyncMapping(Cells cells) {
  auto completed = Completed(cells);
  FL_TRY(files_[cells.file].mapping.Sync(cells.begin * kCellSize,
                                         (cells.end - cells.begin) * kCellSize));
  MarkSynced(cells, completed);
  return {};
}

/// Nobody else writes these cells, so they hold what the last call on them left.
Result<> CrashWriter::ReadBack(Cells cells) {
  auto bytes = std::span(buffer_).first((cells.end - cells.begin) * kCellSize);
  FL_ASSIGN_OR_RETURN(size_t got,
                      ReadAt(files_[cells.file].fd.get(), bytes, cells.begin * kCellSize));
  if (got != bytes.size()) return Fail(EIO, "short read");
  for (uint64_t i = cells.begin; i < cells.end; ++i) {
    const CrashRecord& record = setup_.log->At(cells.file, i);
    uint64_t now = record.completed;
    auto cell = CellAt(bytes, (i - cells.begin) * kCellSize);
    CellState state = Classify(cell, {.run = setup_.log->header().run,
                                      .file = cells.file + 1,
                                      .offset = i * kCellSize,
                                      .epoch = 0,
                                      .oldest = now,
                                      .newest = now});
    bool is_zero = record.last_zero == now;
    if (state == (is_zero ? CellState::kZero : CellState::kOk)) continue;
    violations_.Add({Verdict::kLostStore,
                     fmt::format("{} offset {:#x}", CrashFileName(cells.file), i * kCellSize),
                     fmt::format("holds {} instead of sequence {}", Describe(cell), now),
                     {}});
  }
  return {};
}

std::vector<uint64_t> CrashWriter::Completed(Cells cells) const {
  std::vector<uint64_t> completed;
  for (uint64_t i = cells.begin; i < cells.end; ++i)
    completed.push_back(setup_.log->At(cells.file, i).completed);
  return completed;
}

void CrashWriter::MarkSynced(Cells cells, const std::vector<uint64_t>& completed) {
  for (uint64_t i = cells.begin; i < cells.end; ++i)
    setup_.log->At(cells.file, i).synced = completed[i - cells.begin];
  ++syncs_;
}

}  // namespace faultline::stress
