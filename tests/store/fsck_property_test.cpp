// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "store/fsck.h"
#include "support/random_seed.h"
#include "support/store_builder.h"

// Any damage whatsoever: one repair leaves a store that a second check finds clean.
namespace faultline::store {
namespace {

constexpr uint64_t kVolumeBlocks = 40;
constexpr uint64_t kInodes = 12;

class Vandal {
 public:
  explicit Vandal(uint64_t seed) : store_(kVolumeBlocks), build_(store_), random_(seed) {
    for (uint64_t ino = 2; ino <= kInodes; ++ino) AddInode(InodeId{ino});
    Check(FsckMode::kRepair, true);  // sets the counts
  }

  void Damage() {
    switch (Random(0, 9)) {
      case 0: return FlipBit();
      case 1: return Erase();
      case 2: return CopyValue();
      case 3: return ChangeInode();
      case 4: return ChangeInode();
      case 5: return AddName();
      case 6: return AddName();
      case 7: return AddBlock();
      case 8: return build_.PutOrphan(AnyInode());
      default: return FlipBitOfData();
    }
  }

  FsckReport Check(FsckMode mode, bool data) {
    FsckOptions options;
    options.mode = mode;
    options.data = data;
    auto report = CheckRecords(store_, options);
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? *report : FsckReport();
  }

 private:
  uint64_t Random(uint64_t min, uint64_t max) {
    return std::uniform_int_distribution<uint64_t>(min, max)(random_);
  }
  InodeId AnyInode() { return InodeId{Random(1, kInodes + 3)}; }
  std::string AnyName() { return std::string(1, static_cast<char>(Random('a', 'h'))); }

  void AddInode(InodeId ino) {
    const bool directory = Random(0, 1) == 0;
    build_.PutInode(directory ? StoreBuilder::Directory(ino, kRootInode, 2)
                              : StoreBuilder::File(ino, Random(0, 5) * 3000, 0));
    build_.PutDirent(InodeId{Random(1, Raw(ino) - 1)}, AnyName(), ino, directory ? DT_DIR : DT_REG);
    for (uint64_t blocks = Random(0, 3); !directory && blocks > 0; --blocks) AddBlockTo(ino);
  }

  void AddBlockTo(InodeId ino) {
    const auto space = static_cast<Space>(Random(0, 2));
    const uint64_t at = Random(0, 2) * 31;
    build_.PutBlock(ino, at, {space, Random(1, kVolumeBlocks - 1)},
                    StoreBuilder::Content(std::to_string(random_())));
  }

  // A family and a record of it; none: the family is empty.
  std::string* AnyRecord(std::string* key = nullptr) {
    auto& table = store_.tables[Random(0, kFamilies - 1)];
    if (table.empty()) return nullptr;
    auto at = std::next(table.begin(), static_cast<ptrdiff_t>(Random(0, table.size() - 1)));
    // Without a superblock there is nothing to show.
    if (at->first == keys::kSuperblock) return nullptr;
    if (key) *key = at->first;
    return &at->second;
  }

  void FlipBit() {
    std::string* record = AnyRecord();
    if (!record || record->empty()) return;
    char& byte = (*record)[Random(0, record->size() - 1)];
    byte = static_cast<char>(byte ^ (1 << Random(0, 7)));
  }
  void Erase() {
    std::string key;
    if (AnyRecord(&key))
      for (auto& table : store_.tables) table.erase(key);
  }
  void CopyValue() {
    std::string *from = AnyRecord(), *to = AnyRecord();
    if (from && to) *to = *from;
  }
  void ChangeInode() {
    InodeRecord inode;
    inode.ino = AnyInode();
    const uint32_t types[] = {S_IFDIR, S_IFREG, S_IFIFO, S_IFLNK};
    inode.mode = types[Random(0, 3)];
    inode.parent = AnyInode();
    inode.nlink = static_cast<uint32_t>(Random(0, 4));
    inode.size = Random(0, 5) * 3000;
    inode.blocks = Random(0, 3);
    build_.PutInode(inode);
  }
  void AddName() {
    const uint8_t types[] = {DT_DIR, DT_REG, DT_FIFO, DT_BLK, DT_UNKNOWN};
    build_.PutDirent(AnyInode(), AnyName(), AnyInode(), types[Random(0, 4)]);
  }
  void AddBlock() { AddBlockTo(AnyInode()); }
  void FlipBitOfData() { store_.volume[Random(0, store_.volume.size() - 1)] ^= std::byte{8}; }

  using StoreBuilder = test::StoreBuilder;
  test::MapFsckStore store_;
  StoreBuilder build_;
  std::mt19937_64 random_;
};

std::string Text(const FsckReport& report) {
  std::ostringstream text;
  for (const Problem& problem : report.problems)
    text << problem.code << ": " << problem.subject << ": " << problem.message << " ("
         << problem.repair << ")\n";
  return text.str();
}

void RepairStores(int stores) {
  std::mt19937_64 random(test::RandomSeed());
  for (int i = 0; i < stores; ++i) {
    Vandal vandal(random());
    ASSERT_TRUE(vandal.Check(FsckMode::kCheck, true).Clean()) << "store " << i;
    for (uint64_t damages = random() % 8; damages > 0; --damages) vandal.Damage();
    const FsckReport found = vandal.Check(FsckMode::kRepair, true);
    const FsckReport left = vandal.Check(FsckMode::kCheck, true);
    ASSERT_TRUE(left.Clean()) << "store " << i << ", repaired:\n"
                              << Text(found) << "left:\n"
                              << Text(left);
  }
}

TEST(FsckProperty, OneRepairOfAnyDamageLeavesACleanStore) { RepairStores(1000); }
TEST(FsckPropertyFull, OneRepairOfAnyDamageLeavesACleanStore) { RepairStores(30'000); }

}  // namespace
}  // namespace faultline::store
