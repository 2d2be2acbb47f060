// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "base/crc32c.h"
#include "store/fsck/context.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

using Block = std::span<const std::byte, kBlockSize>;

bool IsZero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// Reads every block that has data.
class DataCheck {
 public:
  explicit DataCheck(Context& context) : context_(context), buffer_(kChunkBlocks) {}

  Result<> CheckAll() {
    return context_.edits.Scan(Family::kExtents,
                               [this](auto key, auto value) { return Chunk(key, value); });
  }

 private:
  Result<> Chunk(std::string_view key, std::string_view value);
  Result<> CheckRun(const BlockPlace& place, const ExtentChunk& chunk, const Run& run);
  // Into the buffer, from its beginning. False: the medium does not give it.
  Result<bool> Read(const BlockPlace& place, const Run& run);
  Result<> CheckBlock(const BlockPlace& place, uint32_t crc, BlockAddress address, Block content);
  Result<> Damaged(const BlockPlace& place, BlockAddress address, uint32_t crc);
  Result<> CheckEnd(const BlockPlace& place, BlockAddress address, Block content);

  Context& context_;
  BlockBuffer buffer_;
  uint64_t size_ = 0;  // of the inode under inspection
};

Result<> DataCheck::Chunk(std::string_view key, std::string_view value) {
  context_.Tick();
  const auto parsed = keys::ParseChunk(key);
  FL_ASSIGN_OR_RETURN(ChunkPtr chunk, ExtentChunk::Decode(key, value));
  const InodeInfo* inode = context_.inodes.Find(parsed->ino);
  // Without an inode there is no end to check against.
  size_ = inode && inode->HasData() ? inode->size : kEndOfFile;
  for (const Run& run : chunk->Runs()) {
    if (run.address.space == Space::kUnwritten) continue;
    FL_TRY(CheckRun({parsed->ino, parsed->index, run.first}, *chunk, run));
  }
  return {};
}

Result<> DataCheck::CheckRun(const BlockPlace& place, const ExtentChunk& chunk, const Run& run) {
  FL_ASSIGN_OR_RETURN(const bool readable, Read(place, run));
  for (uint32_t i = 0; readable && i < run.count; ++i) {
    const BlockPlace at{place.ino, place.chunk, run.first + i};
    FL_TRY(
        CheckBlock(at, chunk.Crc(at.block), run.address + i, buffer_.Block(i).first<kBlockSize>()));
  }
  return {};
}

Result<bool> DataCheck::Read(const BlockPlace& place, const Run& run) {
  if (run.address.space == Space::kSmall) {
    for (uint32_t i = 0; i < run.count; ++i)
      FL_TRY(context_.ReadBlock(run.address + i, buffer_.Block(i).first<kBlockSize>()));
    return true;
  }
  const auto bytes = buffer_.Bytes().first(run.count * kBlockSize);
  const Result<> read = context_.store.ReadVolume(run.address.block, bytes);
  if (read) return true;
  context_.Found({.code = "data-unreadable",
                  .subject = PlaceText(place),
                  .message = fmt::format("{} blocks from {}: {}", run.count,
                                         AddressText(run.address), read.error().ToString())});
  return false;
}

Result<> DataCheck::CheckBlock(const BlockPlace& place, uint32_t crc, BlockAddress address,
                               Block content) {
  const uint32_t actual = Crc32c(content);
  return actual == crc ? CheckEnd(place, address, content) : Damaged(place, address, actual);
}

// The bytes stay as they were found, in a file of their own: under a checksum that fits, or they
// would be damage there as well.
Result<> DataCheck::Damaged(const BlockPlace& place, BlockAddress address, uint32_t crc) {
  const std::string file = fmt::format("#{}.damaged", Raw(place.ino));
  context_.Found(
      {.code = "data-checksum",
       .subject = PlaceText(place),
       .message = fmt::format("{} has a wrong checksum", AddressText(address)),
       .repair = fmt::format("becomes a hole, what is there goes to lost+found/{}", file)});
  context_.Rescue(file, place.Offset() + kBlockSize, place.chunk, place.block, address, crc);
  return context_.ChangeChunk(place.ino, place.chunk,
                              [&](ChunkEdit& edit) { edit.Unmap(place.block, 1); });
}

// What lies behind the end would show up when the file grows.
Result<> DataCheck::CheckEnd(const BlockPlace& place, BlockAddress address, Block content) {
  const uint64_t begin = place.Offset();
  if (begin + kBlockSize <= size_) return {};
  const size_t inside = begin < size_ ? size_ - begin : 0;
  if (IsZero(content.subspan(inside))) return {};
  context_.Found({.code = "data-beyond-end",
                  .subject = PlaceText(place),
                  .message = fmt::format("has bytes behind the end of the file at {}", size_),
                  .repair = inside > 0 ? "set to zero" : "unmapped"});
  if (address.space == Space::kSmall)
    context_.edits.Delete(Family::kSmall, keys::Small(address.block));
  std::array<std::byte, kBlockSize> trimmed{};
  std::ranges::copy(content.first(inside), trimmed.begin());
  const uint32_t crc = Crc32c(trimmed);
  return context_.ChangeChunk(place.ino, place.chunk, [&](ChunkEdit& edit) {
    if (inside == 0) return edit.Unmap(place.block, 1);
    edit.Map(place.block, 1, context_.NewSmall(trimmed), std::span(&crc, 1),
             context_.state.last_txg);
  });
}

}  // namespace

Result<> CheckData(Context& context) {
  context.EnterPass("data");
  return DataCheck(context).CheckAll();
}

}  // namespace faultline::store::fsck
