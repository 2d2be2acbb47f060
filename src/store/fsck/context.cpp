// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/context.h"

#include <algorithm>

#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

constexpr uint64_t kRecordsPerTick = 4096;

}  // namespace

void Context::EnterPass(std::string_view name) {
  progress_ = {name, 0};
  if (options.progress) options.progress(progress_);
}

void Context::Tick() {
  if (++progress_.records % kRecordsPerTick == 0 && options.progress) options.progress(progress_);
}

Result<bool> Context::ReadBlock(BlockAddress address, std::span<std::byte, kBlockSize> out) {
  if (address.space != Space::kSmall) {
    FL_TRY(store.ReadVolume(address.block, out));
    return true;
  }
  FL_ASSIGN_OR_RETURN(auto value, edits.Get(Family::kSmall, keys::Small(address.block)));
  return value && DecodeSmall(*value, out);
}

void Context::Rescue(const std::string& name, uint64_t size, uint64_t chunk, uint32_t block,
                     BlockAddress address, uint32_t crc) {
  RescuedFile& file = rescued[name];
  file.size = std::max(file.size, size);
  ChunkPtr& base = file.chunks[chunk];
  ChunkEdit edit(base);
  edit.Map(block, 1, address, std::span(&crc, 1), state.last_txg);
  base = edit.Finish();
}

BlockAddress Context::NewSmall(std::span<const std::byte, kBlockSize> content) {
  const uint64_t address = std::max(greatest_small + 1, state.next_small) + new_smalls++;
  edits.Put(Family::kSmall, keys::Small(address), std::string(EncodeSmall(content)));
  return {Space::kSmall, address};
}

Result<> Context::ChangeChunk(InodeId ino, uint64_t index,
                              const std::function<void(ChunkEdit&)>& change) {
  const auto key = keys::Chunk(ino, index);
  FL_ASSIGN_OR_RETURN(auto record, edits.Get(Family::kExtents, key));
  if (!record) return Fail(EUCLEAN, "chunk {} of inode {} vanished", index, Raw(ino));
  FL_ASSIGN_OR_RETURN(ChunkPtr chunk, ExtentChunk::Decode(key, *record));
  ChunkEdit edit(chunk);
  change(edit);
  const ChunkPtr next = edit.Finish();
  if (next) {
    edits.Put(Family::kExtents, key, next->Encode(key));
  } else {
    edits.Delete(Family::kExtents, key);
  }
  InodeInfo* owner = inodes.Find(ino);
  uint64_t& blocks = owner ? owner->found_blocks : missing[ino].blocks;
  blocks = blocks - chunk->AllocatedBlocks() + (next ? next->AllocatedBlocks() : 0);
  return {};
}

std::string InodeText(InodeId ino) { return fmt::format("inode {}", Raw(ino)); }

std::string EntryText(InodeId parent, std::string_view name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f || c == '"' || c == '\\') {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return fmt::format("entry \"{}\" of directory {}", text, Raw(parent));
}

std::string PlaceText(const BlockPlace& place) {
  return fmt::format("inode {} offset {}", Raw(place.ino), place.Offset());
}

std::string AddressText(BlockAddress address) {
  return fmt::format("{} block {}", address.space == Space::kSmall ? "small" : "volume",
                     address.block);
}

std::string HexText(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

}  // namespace faultline::store::fsck
