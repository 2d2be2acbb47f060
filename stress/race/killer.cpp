// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/killer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io/file.h"
#include "race/race_image.h"

namespace faultline::stress {
namespace {

Result<> Fallocate(int fd, int mode, ByteRange range) {
  if (fallocate(fd, mode, static_cast<off_t>(range.begin), static_cast<off_t>(range.Size())) != 0)
    return Fail(errno, "fallocate");
  return {};
}

class PunchKiller final : public Killer {
 public:
  const char* call() const override { return "fallocate(PUNCH_HOLE)"; }
  Verdict stale() const override { return Verdict::kStaleAfterPunch; }
  Result<> Prepare(uint32_t) override { return {}; }
  Result<> Kill(int fd, ByteRange range) override {
    return Fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range);
  }
};

class ZeroKiller final : public Killer {
 public:
  const char* call() const override { return "fallocate(ZERO_RANGE)"; }
  Verdict stale() const override { return Verdict::kStaleAfterZero; }
  Result<> Prepare(uint32_t epoch) override {
    mode_ = FALLOC_FL_ZERO_RANGE | (epoch % 2 == 0 ? FALLOC_FL_KEEP_SIZE : 0);
    return {};
  }
  Result<> Kill(int fd, ByteRange range) override { return Fallocate(fd, mode_, range); }

 private:
  int mode_ = FALLOC_FL_ZERO_RANGE;
};

/// Cuts the end off and grows the file again.
class TruncateKiller final : public Killer {
 public:
  const char* call() const override { return "ftruncate down and up"; }
  Verdict stale() const override { return Verdict::kStaleAfterTruncate; }
  bool to_end_of_file() const override { return true; }
  bool excludes_writers() const override { return false; }  // two calls
  Result<> Prepare(uint32_t) override { return {}; }
  Result<> Kill(int fd, ByteRange range) override {
    FL_TRY(SetSize(fd, range.begin));
    return SetSize(fd, range.end);
  }
};

class CopyKiller final : public Killer {
 public:
  CopyKiller(UniqueFd source, uint64_t run) : source_(std::move(source)), run_(run) {}

  const char* call() const override { return "copy_file_range"; }
  Verdict stale() const override { return Verdict::kStaleAfterCopy; }
  bool excludes_writers() const override { return false; }  // the kernel may copy page by page
  std::span<const std::byte> replacement() const override { return image_; }
  Result<> Prepare(uint32_t epoch) override {
    image_ = CellImage(run_, kReplacementFile, epoch, kReplacementWriter);
    return WriteAt(source_.get(), image_, 0);
  }
  Result<> Kill(int fd, ByteRange range) override {
    off_t from = static_cast<off_t>(range.begin), to = from;
    while (to < static_cast<off_t>(range.end)) {
      ssize_t copied =
          copy_file_range(source_.get(), &from, fd, &to, range.end - static_cast<uint64_t>(to), 0);
      if (copied < 0) return Fail(errno, "copy_file_range");
      if (copied == 0) return Fail(EIO, "copy_file_range copied nothing");
    }
    return {};
  }

 private:
  UniqueFd source_;
  uint64_t run_;
  RaceImage image_;
};

class DirectKiller final : public Killer {
 public:
  DirectKiller(UniqueFd direct, uint64_t run) : direct_(std::move(direct)), run_(run) {}

  const char* call() const override { return "O_DIRECT pwrite"; }
  Verdict stale() const override { return Verdict::kStaleAfterDirectWrite; }
  uint64_t alignment() const override { return kPageSize; }
  bool reports_collisions() const override { return true; }
  std::span<const std::byte> replacement() const override { return image_.bytes(); }
  Result<> Prepare(uint32_t epoch) override {
    RaceImage cells = CellImage(run_, kReplacementFile, epoch, kReplacementWriter);
    std::memcpy(image_.bytes().data(), cells.data(), cells.size());
    return {};
  }
  Result<> Kill(int, ByteRange range) override {
    return WriteAt(direct_.get(), image_.bytes().subspan(range.begin, range.Size()), range.begin);
  }

 private:
  UniqueFd direct_;  // the race file again, O_DIRECT
  uint64_t run_;
  AlignedBuffer image_{kRaceSize};
};

Result<std::unique_ptr<Killer>> Construct(KillerKind kind, const std::string& directory,
                                          uint64_t run) {
  switch (kind) {
    case KillerKind::kPunch: return std::make_unique<PunchKiller>();
    case KillerKind::kZero: return std::make_unique<ZeroKiller>();
    case KillerKind::kTruncate: return std::make_unique<TruncateKiller>();
    case KillerKind::kCopy: {
      FL_ASSIGN_OR_RETURN(UniqueFd source,
                          OpenFile(directory + "/source", O_RDWR | O_CREAT | O_TRUNC));
      return std::make_unique<CopyKiller>(std::move(source), run);
    }
    case KillerKind::kDirect: {
      FL_ASSIGN_OR_RETURN(UniqueFd direct, OpenFile(directory + "/race", O_RDWR | O_DIRECT));
      return std::make_unique<DirectKiller>(std::move(direct), run);
    }
  }
  return Fail(EINVAL);
}

}  // namespace

Result<std::unique_ptr<Killer>> MakeKiller(KillerKind kind, const std::string& directory,
                                           uint64_t run) {
  FL_ASSIGN_OR_RETURN(UniqueFd file, OpenFile(directory + "/race", O_RDWR | O_CREAT));
  FL_TRY(WriteAt(file.get(), RaceImage(kRaceSize), 0));
  FL_ASSIGN_OR_RETURN(std::unique_ptr<Killer> killer, Construct(kind, directory, run));
  FL_TRY(killer->Prepare(0));
  FL_TRY(killer->Kill(file.get(), {0, kRaceSize}));
  return killer;
}

}  // namespace faultline::stress
