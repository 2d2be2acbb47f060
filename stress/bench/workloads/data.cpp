// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/falloc.h>

#include <array>
#include <random>

#include "bench/io.h"
#include "bench/workload.h"

namespace faultline::bench {
namespace {

constexpr size_t kLargeCall = 1 << 20;
constexpr size_t kPage = 4096;

double MiB(const Context& context) {
  return static_cast<double>(context.scale.file_bytes) / (1 << 20);
}

Result<> WriteAndSync(const Context& context, size_t call) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(context.directory / "file", O_RDWR | O_CREAT));
  FL_TRY(WriteFile(fd.get(), context.scale.file_bytes, call));
  return Check(fsync(fd.get()), "fsync");
}

Result<> MakeFile(const Context& context) { return WriteAndSync(context, kLargeCall); }

Result<> ReadSequential(const Context& context) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(context.directory / "file", O_RDONLY));
  std::vector<char> buffer(kLargeCall);
  for (;;) {
    const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
    if (got <= 0) return Check(got, "read");
  }
}

Result<> ReadRandom(const Context& context) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(context.directory / "file", O_RDONLY));
  FL_TRY(Check(-posix_fadvise(fd.get(), 0, 0, POSIX_FADV_RANDOM), "posix_fadvise"));
  std::mt19937_64 random(context.seed);
  std::vector<char> buffer(kPage);
  for (uint64_t i = 0; i < context.scale.random_reads; ++i) {
    const uint64_t page = random() % (context.scale.file_bytes / kPage);
    FL_TRY(Check(pread(fd.get(), buffer.data(), kPage, static_cast<off_t>(page * kPage)), "pread"));
  }
  return {};
}

Result<> WriteAndDataSync(const Context& context) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(context.directory / "file", O_RDWR));
  std::mt19937_64 random(context.seed);
  std::vector<char> data(kPage, 's');
  for (uint64_t i = 0; i < context.scale.syncs; ++i) {
    const uint64_t page = random() % (context.scale.file_bytes / kPage);
    FL_TRY(Check(pwrite(fd.get(), data.data(), kPage, static_cast<off_t>(page * kPage)), "pwrite"));
    FL_TRY(Check(fdatasync(fd.get()), "fdatasync"));
  }
  return {};
}

Result<> WriteRandom(const Context& context) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(context.directory / "file", O_RDWR));
  std::mt19937_64 random(context.seed);
  std::vector<char> data(kPage, 'r');
  for (uint64_t i = 0; i < context.scale.random_reads; ++i) {
    const uint64_t page = random() % (context.scale.file_bytes / kPage);
    FL_TRY(Check(pwrite(fd.get(), data.data(), kPage, static_cast<off_t>(page * kPage)), "pwrite"));
  }
  return Check(fsync(fd.get()), "fsync");
}

Result<> Punch(const Context& context) {
  constexpr uint64_t kHole = 64 << 10;
  FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(context.directory / "file", O_RDWR));
  for (uint64_t i = 0; i < context.scale.punches; ++i) {
    const uint64_t at = (2 * i * kHole) % context.scale.file_bytes;
    FL_TRY(Check(fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                           static_cast<off_t>(at), kHole),
                 "fallocate"));
  }
  return {};
}

Result<> TruncateCycle(const Context& context) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(context.directory / "cycled", O_RDWR | O_CREAT));
  std::vector<char> data(64 << 10, 't');
  for (uint64_t i = 0; i < context.scale.punches; ++i) {
    FL_TRY(Check(pwrite(fd.get(), data.data(), data.size(), 0), "pwrite"));
    FL_TRY(Check(ftruncate(fd.get(), 100), "ftruncate"));
    FL_TRY(Check(ftruncate(fd.get(), 0), "ftruncate"));
  }
  return {};
}

double RandomReads(const Context& context) {
  return static_cast<double>(context.scale.random_reads);
}
double Syncs(const Context& context) { return static_cast<double>(context.scale.syncs); }
double Punches(const Context& context) { return static_cast<double>(context.scale.punches); }

const std::array kWorkloads{
    Workload{"seq-write-1m",
             "write a new file in 1 MiB calls, then fsync",
             "MiB",
             false,
             {},
             [](const Context& c) { return WriteAndSync(c, kLargeCall); },
             MiB},
    Workload{"seq-write-4k",
             "write a new file in 4 KiB calls, then fsync",
             "MiB",
             false,
             {},
             [](const Context& c) { return WriteAndSync(c, kPage); },
             MiB},
    Workload{"seq-read-cold", "read a file in 1 MiB calls, nothing cached", "MiB", true, MakeFile,
             ReadSequential, MiB},
    Workload{"rand-read-cold", "4 KiB reads at random places, nothing cached", "ops", true,
             MakeFile, ReadRandom, RandomReads},
    Workload{"rand-write", "4 KiB overwrites at random places, one fsync at the end", "ops", false,
             MakeFile, WriteRandom, RandomReads},
    Workload{"write-fdatasync", "4 KiB overwrite at a random place, fdatasync each", "ops", false,
             MakeFile, WriteAndDataSync, Syncs},
    Workload{"punch", "punch every other 64 KiB", "ops", false, MakeFile, Punch, Punches},
    Workload{"truncate",
             "write 64 KiB, truncate to 100 bytes, truncate to 0",
             "ops",
             false,
             {},
             TruncateCycle,
             Punches},
};

}  // namespace

std::span<const Workload> DataWorkloads() { return kWorkloads; }

}  // namespace faultline::bench
