// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>
#include <random>

#include "bench/io.h"
#include "bench/workload.h"

namespace faultline::bench {
namespace {

constexpr size_t kPage = 4096;

Result<> MakeFile(const Context& context) {
  FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(context.directory / "file", O_RDWR | O_CREAT));
  FL_TRY(WriteFile(fd.get(), context.scale.file_bytes, 1 << 20));
  return Check(fsync(fd.get()), "fsync");
}

uint64_t Pages(const Context& context) { return context.scale.file_bytes / kPage; }

Result<Mapping> MapFile(const Context& context, int protection) {
  FL_ASSIGN_OR_RETURN(
      UniqueFd fd, Open(context.directory / "file", protection & PROT_WRITE ? O_RDWR : O_RDONLY));
  return Mapping::Map(fd.get(), context.scale.file_bytes, protection);
}

// Every load is a fault: no page is visited twice, and no neighbour is mapped along.
Result<> FaultRandom(const Context& context) {
  FL_ASSIGN_OR_RETURN(Mapping map, MapFile(context, PROT_READ));
  FL_TRY(Check(madvise(map.data(), map.size(), MADV_RANDOM), "madvise"));
  std::mt19937_64 random(context.seed);
  unsigned sum = 0;
  for (uint64_t i = 0; i < context.scale.random_reads; ++i)
    sum += static_cast<unsigned char>(
        static_cast<volatile char*>(map.data())[random() % Pages(context) * kPage]);
  return sum == ~0u ? Result<>(Fail(EINVAL, "impossible sum")) : Result<>();
}

Result<> FaultSequential(const Context& context) {
  FL_ASSIGN_OR_RETURN(Mapping map, MapFile(context, PROT_READ));
  unsigned sum = 0;
  for (uint64_t page = 0; page < Pages(context); ++page)
    sum += static_cast<unsigned char>(static_cast<volatile char*>(map.data())[page * kPage]);
  return sum == ~0u ? Result<>(Fail(EINVAL, "impossible sum")) : Result<>();
}

Result<> StoreAndSync(const Context& context) {
  constexpr uint64_t kStoresPerSync = 64;
  FL_ASSIGN_OR_RETURN(Mapping map, MapFile(context, PROT_READ | PROT_WRITE));
  std::mt19937_64 random(context.seed);
  for (uint64_t i = 0; i < context.scale.random_reads; ++i) {
    static_cast<volatile char*>(map.data())[random() % map.size()] = static_cast<char>(i);
    if (i % kStoresPerSync == kStoresPerSync - 1)
      FL_TRY(Check(msync(map.data(), map.size(), MS_SYNC), "msync"));
  }
  return Check(msync(map.data(), map.size(), MS_SYNC), "msync");
}

double RandomReads(const Context& context) {
  return static_cast<double>(context.scale.random_reads);
}
double MiB(const Context& context) {
  return static_cast<double>(context.scale.file_bytes) / (1 << 20);
}

const std::array kWorkloads{
    Workload{"fault-rand-cold", "loads at random pages of a mapping, nothing cached", "ops", true,
             MakeFile, FaultRandom, RandomReads},
    Workload{"fault-seq-cold", "loads from page after page of a mapping, nothing cached", "MiB",
             true, MakeFile, FaultSequential, MiB},
    Workload{"store-msync", "stores at random places of a mapping, msync after 64", "ops", false,
             MakeFile, StoreAndSync, RandomReads},
};

}  // namespace

std::span<const Workload> MappedWorkloads() { return kWorkloads; }

}  // namespace faultline::bench
