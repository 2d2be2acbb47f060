// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "store/extent_chunk.h"
#include "store/keys.h"
#include "store/records.h"
#include "support/random_seed.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace faultline::store {
namespace {

using Input = std::vector<uint8_t>;

Input MakeInput(uint8_t kind, std::string_view key, std::string_view record) {
  Input input{kind, static_cast<uint8_t>(key.size())};
  input.insert(input.end(), key.begin(), key.end());
  input.insert(input.end(), record.begin(), record.end() - 4);
  return input;
}

// Valid records: random changes of them get further than random bytes.
std::vector<Input> Valid() {
  InodeRecord inode;
  inode.ino = InodeId{7};
  inode.mode = 0100644;
  const auto inode_key = keys::Inode(inode.ino);
  const std::string dirent_key = keys::Dirent(InodeId{1}, 256, "name");
  const auto chunk_key = keys::Chunk(InodeId{7}, 0);
  const uint32_t crcs[] = {1, 2, 3};
  ChunkEdit edit(nullptr);
  edit.Map(0, 3, {Space::kVolume, 9}, crcs, 1);
  edit.Map(9, 2, {Space::kUnwritten, 20}, {}, 1);
  const auto orphan_key = keys::Orphan(InodeId{7});
  Superblock super;
  super.volume_blocks = 100;
  super.label = "label";
  return {MakeInput(0, inode_key, EncodeInode(inode_key, inode)),
          MakeInput(1, dirent_key, EncodeDirent(dirent_key, InodeId{7}, 8)),
          MakeInput(2, chunk_key, edit.Finish()->Encode(chunk_key)),
          MakeInput(3, orphan_key, EncodeOrphan(orphan_key)),
          MakeInput(4, "", EncodeSuperblock(super)),
          MakeInput(5, "", EncodeState({}))};
}

TEST(DecodeFuzz, RandomBytesAreRefusedOrComeBack) {
  std::mt19937_64 random(test::RandomSeed());
  for (int i = 0; i < 200'000; ++i) {
    Input input(random() % 300);
    for (uint8_t& byte : input) byte = static_cast<uint8_t>(random());
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
}

TEST(DecodeFuzz, DamagedRecordsAreRefusedOrComeBack) {
  std::mt19937_64 random(test::RandomSeed());
  const std::vector<Input> valid = Valid();
  for (int i = 0; i < 200'000; ++i) {
    Input input = valid[random() % valid.size()];
    for (uint64_t changes = random() % 4; changes > 0; --changes)
      input[random() % input.size()] = static_cast<uint8_t>(random() % (random() % 2 ? 256 : 4));
    if (random() % 4 == 0) input.resize(random() % (input.size() + 8));
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
}

}  // namespace
}  // namespace faultline::store
