// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/free_space.h"

#include <algorithm>
#include <vector>

#include "store/extent_chunk.h"
#include "store/keys.h"

namespace faultline::store {

namespace {

struct UsedRun {
  uint64_t start;
  uint32_t count;
  bool operator<(const UsedRun& other) const { return start < other.start; }
};

struct Used {
  std::vector<UsedRun> runs;
  uint64_t small_blocks = 0;
};

Result<> AddChunk(const Cursor& cursor, uint64_t blocks, Used& used) {
  const auto place = keys::ParseChunk(cursor.Key());
  if (!place) return Fail(EUCLEAN, "extents: a key of {} bytes", cursor.Key().size());
  auto chunk = ExtentChunk::Decode(cursor.Key(), cursor.Value());
  if (!chunk)
    return Fail(chunk.error().code(), "inode {}, chunk {}: {}", Raw(place->ino), place->index,
                chunk.error().message());
  for (const Run& run : (*chunk)->Runs()) {
    if (run.address.space == Space::kSmall) {
      used.small_blocks += run.count;
      continue;
    }
    const uint64_t start = run.address.block;
    if (start == 0 || run.count > blocks || start > blocks - run.count)
      return Fail(EUCLEAN, "inode {}, chunk {}: blocks {}+{} lie outside of the volume",
                  Raw(place->ino), place->index, start, run.count);
    used.runs.push_back({start, run.count});
  }
  return {};
}

Result<Used> CollectUsed(const Database& database, uint64_t blocks) {
  Used used;
  Cursor cursor = database.Iterate(Family::kExtents, Database::Access::kScan);
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next()) FL_TRY(AddChunk(cursor, blocks, used));
  FL_TRY(cursor.Status());
  return used;
}

}  // namespace

Result<> RebuildFreeSpace(const Database& database, uint64_t blocks, Allocator& allocator) {
  FL_ASSIGN_OR_RETURN(Used used, CollectUsed(database, blocks));
  std::sort(used.runs.begin(), used.runs.end());
  uint64_t at = 1;
  for (const UsedRun& run : used.runs) {
    if (run.start < at) return Fail(EUCLEAN, "volume block {} has two owners", run.start);
    if (run.start > at) allocator.Free(at, run.start - at);
    at = run.start + run.count;
  }
  if (at < blocks) allocator.Free(at, blocks - at);
  allocator.ClaimExisting(used.small_blocks);
  return {};
}

}  // namespace faultline::store
