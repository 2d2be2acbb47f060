// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/file_view.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "base/mutant.h"
#include "base/test_point.h"

namespace faultline::fs {
namespace {

using store::kChunkBlocks;
using store::Run;
using store::Space;

// Everything a sample needs that is in memory; what is missing goes to `missing`.
FileView Sample(Inode& inode, ByteRange range, bool page_cache, std::vector<uint64_t>* missing,
                uint64_t* drops) {
  FileView view;
  lock::SharedLock lock(inode.mapping);
  // Before sampling: a killer that publishes after us must see it.
  if (page_cache && !Mutated(Mutant::kCachedLate))
    inode.pages_cached.store(true, std::memory_order_relaxed);
  view.size = inode.record.size;
  if (!inode.masks.Empty()) view.masks = inode.masks.Over(range);
  *drops = inode.extents.Drops();
  const auto [first, last] = ChunksOf(range);
  for (uint64_t index = first; index <= last; ++index) {
    std::optional<ChunkPtr> chunk = inode.extents.Find(index);
    if (!chunk)
      missing->push_back(index);
    else if (*chunk)
      view.chunks.emplace_back(index, std::move(*chunk));
  }
  return view;
}

Result<> Load(store::Store& store, Inode& inode, const std::vector<uint64_t>& missing,
              uint64_t drops) {
  std::vector<ChunkPtr> loaded;
  loaded.reserve(missing.size());
  for (uint64_t index : missing) {
    FL_ASSIGN_OR_RETURN(ChunkPtr chunk, store.GetChunk(inode.id, index));
    loaded.push_back(std::move(chunk));
  }
  FL_TEST_POINT("fs.view.loaded");
  lock::ExclusiveLock lock(inode.mapping);
  if (inode.extents.Drops() != drops) return {};
  if (inode.extents.ShouldDrop()) {
    // What was loaded may be older than what is dropped here.
    inode.extents.Drop();
    return {};
  }
  for (size_t i = 0; i < missing.size(); ++i)
    inode.extents.InsertLoaded(missing[i], std::move(loaded[i]));
  return {};
}

Result<> CheckBlock(InodeId ino, uint64_t block, const store::ExtentChunk& chunk,
                    std::span<const std::byte> data) {
  const uint32_t in_chunk = static_cast<uint32_t>(block % kChunkBlocks);
  const uint32_t crc = Crc32c(data);
  if (crc == chunk.Crc(in_chunk)) [[likely]]
    return {};
  const auto address = *chunk.AddressOf(in_chunk);
  auto error = Fail(EIO, "inode {} offset {}: checksum {:08x} instead of {:08x} in {} block {}",
                    Raw(ino), block * kBlockSize, crc, chunk.Crc(in_chunk),
                    address.space == Space::kSmall ? "small" : "volume", address.block);
  LogError("{}", error.value().message());
  return error;
}

Result<> ReadSmallBlock(store::Store& store, const store::ExtentChunk& chunk, uint32_t in_chunk,
                        uint64_t address, std::span<std::byte> out) {
  store::BlockPtr data = chunk.Data(in_chunk);
  if (!data) {
    FL_ASSIGN_OR_RETURN(data, store.ReadSmall(address));
    if (!data) return Fail(ESTALE);
  }
  std::memcpy(out.data(), data->Bytes().data(), kBlockSize);
  return {};
}

// A piece of a run: `out.size()` bytes from `block` of the file.
struct Piece {
  const store::ExtentChunk* chunk;
  uint64_t block;
  std::span<std::byte> out;

  uint32_t InChunk() const { return static_cast<uint32_t>(block % kChunkBlocks); }
};

Result<> CheckPiece(InodeId ino, const Piece& piece) {
  for (uint32_t i = 0; i < piece.out.size() / kBlockSize; ++i)
    FL_TRY(CheckBlock(ino, piece.block + i, *piece.chunk,
                      piece.out.subspan(i * kBlockSize, kBlockSize)));
  return {};
}

Result<> ReadSmallPiece(store::Store& store, InodeId ino, const Piece& piece, uint64_t address) {
  for (uint32_t i = 0; i < piece.out.size() / kBlockSize; ++i)
    FL_TRY(ReadSmallBlock(store, *piece.chunk, piece.InChunk() + i, address + i,
                          piece.out.subspan(i * kBlockSize, kBlockSize)));
  return CheckPiece(ino, piece);
}

// What of a view has to come from the volume: read together at the end, checked as it arrives.
class VolumePieces {
 public:
  void Add(const Piece& piece, uint64_t volume_block) {
    pieces_.push_back(piece);
    reads_.push_back({volume_block, piece.out});
  }

  Result<> Read(store::Store& store, InodeId ino) const {
    if (reads_.empty()) return {};
    return store.ReadVolumeBlocks(reads_,
                                  [&](size_t index) { return CheckPiece(ino, pieces_[index]); });
  }

 private:
  std::vector<Piece> pieces_;
  std::vector<store::VolumeRead> reads_;
};

Result<> ReadRun(store::Store& store, InodeId ino, const Run& run, const Piece& piece,
                 VolumePieces& from_volume) {
  const uint64_t start = run.address.block + (piece.InChunk() - run.first);
  switch (run.address.space) {
    case Space::kUnwritten: std::memset(piece.out.data(), 0, piece.out.size()); return {};
    case Space::kSmall: return ReadSmallPiece(store, ino, piece, start);
    case Space::kVolume: from_volume.Add(piece, start); return {};
  }
  return {};
}

// The first mapped block after `in_chunk`, which is a hole.
uint32_t HoleEnd(const store::ExtentChunk& chunk, uint32_t in_chunk) {
  for (const Run& run : chunk.Runs())
    if (run.first > in_chunk) return run.first;
  return kChunkBlocks;
}

}  // namespace

ChunkPtr FileView::Find(uint64_t index) const {
  auto it =
      std::lower_bound(chunks.begin(), chunks.end(), index,
                       [](const auto& entry, uint64_t wanted) { return entry.first < wanted; });
  return it != chunks.end() && it->first == index ? it->second : nullptr;
}

bool FileView::HasData(uint64_t block) const {
  const ChunkPtr chunk = Find(block / kChunkBlocks);
  const Run* run = chunk ? chunk->Find(static_cast<uint32_t>(block % kChunkBlocks)) : nullptr;
  return run != nullptr && run->address.space != Space::kUnwritten;
}

bool FileView::IsHole(uint64_t block) const {
  const ChunkPtr chunk = Find(block / kChunkBlocks);
  return !chunk || chunk->Find(static_cast<uint32_t>(block % kChunkBlocks)) == nullptr;
}

Result<FileView> TakeView(store::Store& store, Inode& inode, ByteRange range, bool page_cache) {
  std::vector<uint64_t> missing;
  for (;;) {
    uint64_t drops = 0;
    missing.clear();
    FileView view = Sample(inode, range, page_cache, &missing, &drops);
    if (missing.empty()) return view;
    FL_TRY(Load(store, inode, missing, drops));
  }
}

Result<FileView> TakeWideView(store::Store& store, Inode& inode, ByteRange range) {
  constexpr uint64_t kNarrow = 64;
  constexpr size_t kBatch = 1024;
  const auto [first, last] = ChunksOf(range);
  if (last - first < kNarrow) return TakeView(store, inode, range);

  std::vector<std::pair<uint64_t, ChunkPtr>> middle;
  for (uint64_t from = first + 1; from < last;) {
    FL_ASSIGN_OR_RETURN(auto batch, store.ListChunks(inode.id, from, kBatch));
    for (auto& entry : batch)
      if (entry.first < last) middle.push_back(std::move(entry));
    if (batch.size() < kBatch) break;
    from = batch.back().first + 1;
  }
  // The edges through the cache: other writers may change their other blocks at any time.
  FL_ASSIGN_OR_RETURN(FileView tail, TakeView(store, inode, {range.end - 1, range.end}));
  FL_ASSIGN_OR_RETURN(FileView view, TakeView(store, inode, {range.begin, range.begin + 1}));
  std::move(middle.begin(), middle.end(), std::back_inserter(view.chunks));
  std::move(tail.chunks.begin(), tail.chunks.end(), std::back_inserter(view.chunks));
  return view;
}

Result<> ReadView(store::Store& store, InodeId ino, const FileView& view, uint64_t first_block,
                  std::span<std::byte> out) {
  uint64_t block = first_block;
  const uint64_t end = first_block + out.size() / kBlockSize;
  VolumePieces from_volume;
  while (block < end) {
    auto rest = out.subspan((block - first_block) * kBlockSize);
    const auto in_chunk = static_cast<uint32_t>(block % kChunkBlocks);
    const ChunkPtr chunk = view.Find(block / kChunkBlocks);
    uint64_t count = std::min<uint64_t>(end - block, kChunkBlocks - in_chunk);
    const Run* run = chunk ? chunk->Find(in_chunk) : nullptr;
    if (run != nullptr) {
      count = std::min<uint64_t>(count, run->first + run->count - in_chunk);
      const Piece piece{chunk.get(), block, rest.first(count * kBlockSize)};
      FL_TRY(ReadRun(store, ino, *run, piece, from_volume));
    } else {
      if (chunk) count = std::min<uint64_t>(count, HoleEnd(*chunk, in_chunk) - in_chunk);
      std::memset(rest.data(), 0, count * kBlockSize);
    }
    block += count;
  }
  return from_volume.Read(store, ino);
}

Result<FileView> ReadBlocks(store::Store& store, Inode& inode, ByteRange blocks,
                            std::span<std::byte> out, bool page_cache) {
  std::vector<std::pair<uint64_t, ChunkPtr>> before;
  for (;;) {
    FL_ASSIGN_OR_RETURN(FileView view, TakeView(store, inode, blocks, page_cache));
    FL_TEST_POINT("fs.read.sampled");
    Result<> read = Fail(EAGAIN);
    if (Mutated(Mutant::kReadUnderLock)) {
      lock::SharedLock lock(inode.mapping);
      read = ReadView(store, inode.id, view, blocks.begin / kBlockSize, out);
    } else {
      read = ReadView(store, inode.id, view, blocks.begin / kBlockSize, out);
    }
    if (read) return view;
    if (read.error().code() != ESTALE || Mutated(Mutant::kStaleRetryMissing))
      return tl::unexpected<Error>(std::move(read).error());
    // A small block may be freed and gone by now, but then the map says so too.
    if (view.chunks == before)
      return Fail(EIO, "inode {} offset {}: small data is missing", Raw(inode.id), blocks.begin);
    before = view.chunks;
  }
}

}  // namespace faultline::fs
