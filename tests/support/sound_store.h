// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <dirent.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "store/fsck.h"
#include "support/store_builder.h"

namespace faultline::test {

inline constexpr InodeId kDir{2}, kSub{3}, kFile{4}, kOther{5}, kOrphan{6}, kSparse{7};

// A small file system with one of everything:
//
//   /            1
//   /dir         2
//   /dir/sub     3
//   /dir/file    4   volume 1, 2, small 1; 10000 bytes
//   /dir/link    4
//   /other       5   small 2; 5000 bytes
//   (orphan)     6   volume 3
//   /sparse      7   unwritten 10, 11 at the end of the first chunk, volume 12 in the second one
class SoundStore {
 public:
  SoundStore() : store(64), build(store) {
    build.PutInode(StoreBuilder::Directory(kRootInode, kRootInode, 3));
    build.PutInode(StoreBuilder::Directory(kDir, kRootInode, 3));
    build.PutInode(StoreBuilder::Directory(kSub, kDir, 2));
    build.PutInode(StoreBuilder::File(kFile, 10000, 3, 2));
    build.PutInode(StoreBuilder::File(kOther, 5000, 1));
    build.PutInode(StoreBuilder::File(kOrphan, kBlockSize, 1, 0));
    build.PutInode(StoreBuilder::File(kSparse, store::kChunkSize + kBlockSize, 3));
    build.PutDirent(kRootInode, "dir", kDir, DT_DIR);
    build.PutDirent(kDir, "sub", kSub, DT_DIR);
    build.PutDirent(kDir, "file", kFile, DT_REG);
    build.PutDirent(kDir, "link", kFile, DT_REG);
    build.PutDirent(kRootInode, "other", kOther, DT_REG);
    build.PutDirent(kRootInode, "sparse", kSparse, DT_REG);
    build.PutOrphan(kOrphan);
    build.PutBlock(kFile, 0, {store::Space::kVolume, 1}, StoreBuilder::Content("file 0"));
    build.PutBlock(kFile, 1, {store::Space::kVolume, 2}, StoreBuilder::Content("file 1"));
    build.PutBlock(kFile, 2, {store::Space::kSmall, 1},
                   StoreBuilder::Content("file 2").substr(0, 10000 - 2 * kBlockSize));
    build.PutBlock(kOther, 0, {store::Space::kSmall, 2}, StoreBuilder::Content("other 0"));
    build.PutBlock(kOrphan, 0, {store::Space::kVolume, 3}, StoreBuilder::Content("orphan 0"));
    build.MapBlock(kSparse, 62, {store::Space::kUnwritten, 10}, 0);
    build.MapBlock(kSparse, 63, {store::Space::kUnwritten, 11}, 0);
    build.PutBlock(kSparse, 64, {store::Space::kVolume, 12}, StoreBuilder::Content("sparse 64"));
  }

  store::FsckReport Check(store::FsckMode mode = store::FsckMode::kCheck, bool data = true) {
    store::FsckOptions options;
    options.mode = mode;
    options.data = data;
    auto report = store::CheckRecords(store, options);
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? *report : store::FsckReport();
  }

  std::string& Record(store::Family family, std::string_view key) {
    return store.Of(family).at(std::string(key));
  }

  // Checksums of all blocks that are mapped somewhere and read as they should.
  std::multiset<uint32_t> IntactBlocks() {
    std::multiset<uint32_t> crcs;
    for (const auto& [key, record] : store.Of(store::Family::kExtents)) {
      const auto chunk = store::ExtentChunk::Decode(key, record);
      if (!chunk) continue;
      for (const auto& run : (*chunk)->Runs())
        for (uint32_t block = run.first; block < run.End(); ++block)
          if (IsIntact(run.AddressOf(block), (*chunk)->Crc(block)))
            crcs.insert((*chunk)->Crc(block));
    }
    return crcs;
  }

  bool IsIntact(store::BlockAddress address, uint32_t crc) {
    std::array<std::byte, kBlockSize> block;
    if (address.space == store::Space::kVolume) {
      if (address.block >= store.VolumeBlocks()) return false;
      EXPECT_TRUE(store.ReadVolume(address.block, block));
    } else {
      const auto value = *store.Get(store::Family::kSmall, store::keys::Small(address.block));
      if (!value || !store::DecodeSmall(*value, block)) return false;
    }
    return Crc32c(block) == crc;
  }

  std::vector<std::string> NamesIn(InodeId directory) {
    std::vector<std::string> names;
    for (const auto& [key, record] : store.Of(store::Family::kDirents)) {
      const auto place = store::keys::ParseDirent(key);
      if (place && place->parent == directory) names.emplace_back(place->name);
    }
    return names;
  }
  InodeId Lookup(InodeId directory, std::string_view name) {
    const std::string key = StoreBuilder::DirentKey(directory, name);
    const auto record = *store.Get(store::Family::kDirents, key);
    return record ? store::DecodeDirent(key, *record)->ino : kNoInode;
  }
  std::vector<std::string> Lost() { return NamesIn(Lookup(kRootInode, "lost+found")); }

  MapFsckStore store;
  StoreBuilder build;
};

}  // namespace faultline::test
