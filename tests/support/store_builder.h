// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/stat.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/crc32c.h"
#include "store/extent_chunk.h"
#include "store/keys.h"
#include "store/records.h"
#include "support/map_fsck_store.h"

namespace faultline::test {

// Writes the records of a small file system, one by one and without any check, so that it builds
// sound stores and damaged ones alike.
class StoreBuilder {
 public:
  static constexpr uint64_t kSeed = 0x1234;

  explicit StoreBuilder(MapFsckStore& store) : store_(store) {
    super_.volume_blocks = store.VolumeBlocks();
    super_.name_hash_seed = kSeed;
    store_.header = {super_.uuid, super_.volume_blocks};
    PutSuperblock();
    PutState();
    PutInode(Directory(kRootInode, kRootInode, 2));
  }

  static store::InodeRecord Directory(InodeId ino, InodeId parent, uint32_t nlink) {
    store::InodeRecord inode;
    inode.ino = ino;
    inode.mode = S_IFDIR | 0755;
    inode.nlink = nlink;
    inode.parent = parent;
    return inode;
  }
  static store::InodeRecord File(InodeId ino, uint64_t size, uint64_t blocks, uint32_t nlink = 1) {
    store::InodeRecord inode;
    inode.ino = ino;
    inode.mode = S_IFREG | 0644;
    inode.nlink = nlink;
    inode.size = size;
    inode.blocks = blocks;
    return inode;
  }
  static std::string DirentKey(InodeId parent, std::string_view name) {
    return store::keys::Dirent(parent, store::keys::NameHash(name, kSeed), name);
  }
  // A block that says what it is, filled to its end.
  static std::string Content(std::string_view text) {
    std::string content;
    while (content.size() < kBlockSize) content.append(text).push_back(';');
    content.resize(kBlockSize);
    return content;
  }

  void PutSuperblock() {
    store_.Of(store::Family::kDefault)["superblock"] = store::EncodeSuperblock(super_);
  }
  void PutState(store::StoreState state = {10, 100, 100}) {
    store_.Of(store::Family::kDefault)["state"] = store::EncodeState(state);
  }
  void PutInode(const store::InodeRecord& inode) {
    const auto key = store::keys::Inode(inode.ino);
    store_.Of(store::Family::kInodes)[Text(key)] = store::EncodeInode(key, inode);
  }
  store::InodeRecord GetInode(InodeId ino) {
    const auto key = store::keys::Inode(ino);
    return *store::DecodeInode(key, store_.Of(store::Family::kInodes).at(Text(key)));
  }
  void PutDirent(InodeId parent, std::string_view name, InodeId ino, uint8_t type) {
    const std::string key = DirentKey(parent, name);
    store_.Of(store::Family::kDirents)[key] = store::EncodeDirent(key, ino, type);
  }
  void PutOrphan(InodeId ino) {
    const auto key = store::keys::Orphan(ino);
    store_.Of(store::Family::kDefault)[Text(key)] = store::EncodeOrphan(key);
  }

  // Maps one block of a file, after writing `content` there (not for unwritten ones).
  void PutBlock(InodeId ino, uint64_t block, store::BlockAddress address, std::string content) {
    content.resize(kBlockSize);
    const auto bytes = std::as_bytes(std::span(content)).first<kBlockSize>();
    if (address.space == store::Space::kVolume)
      std::memcpy(&store_.volume[address.block * kBlockSize], content.data(), kBlockSize);
    if (address.space == store::Space::kSmall)
      store_.Of(store::Family::kSmall)[Text(store::keys::Small(address.block))] =
          store::EncodeSmall(bytes);
    MapBlock(ino, block, address, Crc32c(bytes));
  }
  void MapBlock(InodeId ino, uint64_t block, store::BlockAddress address, uint32_t crc) {
    const auto key = store::keys::Chunk(ino, block / store::kChunkBlocks);
    auto& extents = store_.Of(store::Family::kExtents);
    store::ChunkPtr chunk;
    if (auto old = extents.find(Text(key)); old != extents.end())
      chunk = store::ExtentChunk::Decode(key, old->second).value_or(nullptr);  // or damaged
    store::ChunkEdit edit(chunk);
    const bool unwritten = address.space == store::Space::kUnwritten;
    edit.Map(block % store::kChunkBlocks, 1, address, std::span(&crc, unwritten ? 0 : 1), 5);
    extents[Text(key)] = edit.Finish()->Encode(key);
  }

  static std::string Text(std::string_view key) { return std::string(key); }

 private:
  MapFsckStore& store_;
  store::Superblock super_;
};

}  // namespace faultline::test
