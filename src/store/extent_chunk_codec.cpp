// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>

#include "store/extent_chunk.h"
#include "store/record_codec.h"

// The record: number of runs, then the runs, then the checksums of all blocks that have data, in
// the order of the blocks. One block of a file costs 30 bytes, 64 consecutive ones 282.
namespace faultline::store {

namespace {

constexpr RecordKind kChunk{'X', 1, "extent"};
constexpr size_t kRunSize = 3 * 1 + 2 * 8;
constexpr uint64_t kMaxBlock = kEndOfFile / kBlockSize;

bool HasData(const Run& run) { return run.address.space != Space::kUnwritten; }

void PutRun(RecordWriter& out, const Run& run) {
  out.U8(run.first).U8(run.count).U8(static_cast<uint8_t>(run.address.space));
  out.U64(run.address.block).U64(run.birth);
}

Run GetRun(RecordReader& in) {
  Run run;
  run.first = in.U8();
  run.count = in.U8();
  run.address.space = static_cast<Space>(in.U8());
  run.address.block = in.U64();
  run.birth = in.U64();
  return run;
}

// `previous`: the run before, or an empty one.
Result<> CheckRun(const Run& run, const Run& previous) {
  if (run.count == 0 || run.End() > kChunkBlocks)
    return Fail(EUCLEAN, "run [{}, {}) is outside its chunk", run.first, run.End());
  if (run.first < previous.End())
    return Fail(EUCLEAN, "run [{}, {}) overlaps the run before it", run.first, run.End());
  if (run.address.space > Space::kUnwritten)
    return Fail(EUCLEAN, "run [{}, {}) lies in unknown space {}", run.first, run.End(),
                static_cast<int>(run.address.space));
  if (run.address.block == 0 || run.address.block > kMaxBlock)
    return Fail(EUCLEAN, "run [{}, {}) begins at impossible block {}", run.first, run.End(),
                run.address.block);
  if (previous.count > 0 && run.Continues(previous))
    return Fail(EUCLEAN, "run [{}, {}) should be part of the run before it", run.first, run.End());
  return {};
}

}  // namespace

std::string ExtentChunk::Encode(std::string_view key) const {
  RecordWriter out(kChunk, 1 + runs_.size() * kRunSize + AllocatedBlocks() * sizeof(uint32_t));
  out.U8(runs_.size());
  for (const Run& run : runs_) PutRun(out, run);
  for (const Run& run : runs_) {
    for (uint32_t block = run.first; HasData(run) && block < run.End(); ++block)
      out.U32(crc_[block]);
  }
  return out.Finish(key);
}

Result<ChunkPtr> ExtentChunk::Decode(std::string_view key, std::string_view record) {
  FL_ASSIGN_OR_RETURN(RecordReader in, RecordReader::Open(kChunk, key, record));
  auto chunk = std::make_shared<ExtentChunk>();
  const uint8_t runs = in.U8();
  if (runs == 0 || runs > kChunkBlocks) return Fail(EUCLEAN, "extent record has {} runs", runs);
  chunk->runs_.reserve(runs);
  for (uint32_t i = 0; i < runs; ++i) {
    const Run run = GetRun(in);
    FL_TRY(CheckRun(run, i == 0 ? Run{} : chunk->runs_.back()));
    chunk->runs_.push_back(run);
  }
  for (const Run& run : chunk->runs_) {
    for (uint32_t block = run.first; HasData(run) && block < run.End(); ++block)
      chunk->crc_[block] = in.U32();
  }
  FL_TRY(in.Done());
  return chunk;
}

}  // namespace faultline::store
