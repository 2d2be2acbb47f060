// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fsck_damages.h"

#include <gmock/gmock.h>

#include "base/crc32c.h"

namespace faultline::test {

namespace {

using store::BlockAddress;
using store::DecodeDirent;
using store::EncodeDirent;
using store::ExtentChunk;
using store::Family;
using store::InodeRecord;
using store::kChunkSize;
using store::Space;
using ::testing::Contains;
using ::testing::IsEmpty;
namespace keys = store::keys;
using S = SoundStore;
using Add = std::function<void(Damage)>;

void FlipBit(std::string& record, size_t byte = 9) {
  record[byte % record.size()] = static_cast<char>(record[byte % record.size()] ^ 4);
}

void AddFormatDamages(const Add& add) {
  add({"superblock-damaged", [](S& s) { FlipBit(s.Record(Family::kDefault, keys::kSuperblock)); },
       [](S& s) {
         const auto super = store::DecodeSuperblock(s.Record(Family::kDefault, keys::kSuperblock));
         const uint64_t hash = keys::NameHash("dir", super->name_hash_seed);
         EXPECT_TRUE(s.store.Of(Family::kDirents).contains(keys::Dirent(kRootInode, hash, "dir")));
       }});
  add({"volume-header", [](S& s) { s.store.header.reset(); }});
  add({"volume-header", [](S& s) { s.store.header->blocks = 5; }});
  add({"state-damaged", [](S& s) { FlipBit(s.Record(Family::kDefault, keys::kState)); }});
  add({"state-damaged", [](S& s) { s.store.Of(Family::kDefault).erase("state"); }});
  add({"record-unknown", [](S& s) { s.store.Of(Family::kDefault)["what"] = "is this"; }});
  add({"orphan-undecodable",
       [](S& s) { FlipBit(s.Record(Family::kDefault, keys::Orphan(kOrphan))); }});
}

void AddInodeDamages(const Add& add) {
  add({"inode-key", [](S& s) { s.store.Of(Family::kInodes)["short"] = "x"; }});
  add({"inode-missing", [](S& s) { FlipBit(s.Record(Family::kInodes, keys::Inode(kFile))); },
       [](S& s) {
         EXPECT_EQ(s.Lookup(kDir, "file"), kFile);
         EXPECT_EQ(s.build.GetInode(kFile).nlink, 2u);
         EXPECT_EQ(s.build.GetInode(kFile).size, 3 * kBlockSize);
       }});
  add({"inode-missing",
       [](S& s) { s.store.Of(Family::kInodes).erase(StoreBuilder::Text(keys::Inode(kDir))); },
       [](S& s) {
         EXPECT_EQ(s.Lookup(kRootInode, "dir"), kDir);
         EXPECT_EQ(s.NamesIn(kDir).size(), 3u);
         EXPECT_EQ(s.build.GetInode(kDir).nlink, 3u);
       }});
  add({"inode-missing",
       [](S& s) {  // an empty directory: only its name says what it was
         FlipBit(s.Record(Family::kInodes, keys::Inode(kSub)));
       },
       [](S& s) { EXPECT_TRUE(S_ISDIR(s.build.GetInode(kSub).mode)); }});
  add({"inode-missing",
       [](S& s) {  // data of nobody
         s.build.PutBlock(InodeId{50}, 3, {Space::kVolume, 30}, StoreBuilder::Content("x"));
       },
       [](S& s) { EXPECT_THAT(s.Lost(), Contains("#50")); }});
  add({"inode-missing",
       [](S& s) {  // a file in a directory that is not there
         s.build.PutInode(StoreBuilder::File(InodeId{51}, 0, 0));
         s.build.PutDirent(InodeId{50}, "file", InodeId{51}, DT_REG);
       },
       [](S& s) {
         EXPECT_THAT(s.Lost(), Contains("#50"));
         EXPECT_EQ(s.Lookup(InodeId{50}, "file"), InodeId{51});
       }});
  add({"inode-missing",
       [](S& s) {  // an orphan stays one
         FlipBit(s.Record(Family::kInodes, keys::Inode(kOrphan)));
       },
       [](S& s) { EXPECT_THAT(s.Lost(), IsEmpty()); }});
  add({"inode-undecodable", [](S& s) {
         s.build.PutInode(StoreBuilder::File(InodeId{50}, 0, 0));
         FlipBit(s.Record(Family::kInodes, keys::Inode(InodeId{50})));
       }});
  add({"inode-undecodable", [](S& s) {  // its orphan entry goes with it
         s.build.PutInode(StoreBuilder::File(InodeId{50}, 0, 0, 0));
         s.build.PutOrphan(InodeId{50});
         FlipBit(s.Record(Family::kInodes, keys::Inode(InodeId{50})));
       }});
  add({"inode-parent",
       [](S& s) {
         InodeRecord inode = s.build.GetInode(kFile);
         inode.parent = kDir;
         s.build.PutInode(inode);
       },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kFile).parent, kNoInode); }, true});
  add({"root-missing",
       [](S& s) { s.store.Of(Family::kInodes).erase(StoreBuilder::Text(keys::Inode(kRootInode))); },
       [](S& s) {
         EXPECT_EQ(s.Lookup(kRootInode, "dir"), kDir);
         EXPECT_EQ(s.build.GetInode(kRootInode).nlink, 3u);
       }});
  add({"root-missing", [](S& s) { FlipBit(s.Record(Family::kInodes, keys::Inode(kRootInode))); }});
  add({"root-type", [](S& s) {
         InodeRecord inode = s.build.GetInode(kRootInode);
         inode.mode = S_IFREG | 0644;
         s.build.PutInode(inode);
       }});
}

void AddBlockDamages(const Add& add) {
  add({"extent-key", [](S& s) { s.store.Of(Family::kExtents)["short"] = "x"; }});
  add({"extent-key", [](S& s) {
         const auto key = keys::Chunk(kFile, uint64_t{1} << 45);
         const auto chunk = ExtentChunk::Decode(keys::Chunk(kFile, 0),
                                                s.Record(Family::kExtents, keys::Chunk(kFile, 0)));
         s.store.Of(Family::kExtents)[StoreBuilder::Text(key)] = (*chunk)->Encode(key);
       }});
  add({"extent-undecodable",
       [](S& s) { FlipBit(s.Record(Family::kExtents, keys::Chunk(kFile, 0))); },
       [](S& s) {
         EXPECT_EQ(s.build.GetInode(kFile).blocks, 0u);
         // The small block that the record named was intact.
         EXPECT_THAT(s.Lost(), Contains("small-1"));
       }});
  add({"extent-owner-type",
       [](S& s) {
         s.build.PutBlock(kSub, 1, {Space::kVolume, 30}, StoreBuilder::Content("x"));
       },
       [](S& s) {
         EXPECT_THAT(s.Lost(), Contains("#3.data"));
         EXPECT_EQ(s.build.GetInode(s.Lookup(s.Lookup(kRootInode, "lost+found"), "#3.data")).blocks,
                   1u);
       }});
  add({"extent-outside", [](S& s) { s.build.MapBlock(kFile, 9, {Space::kVolume, 64}, 0); }});
  add({"extent-outside", [](S& s) {
         s.build.MapBlock(kFile, 9, {Space::kUnwritten, uint64_t{1} << 40}, 0);
       }});
  add({"block-shared",
       [](S& s) {  // both have the checksum of what is there
         s.build.PutBlock(kSparse, 0, {Space::kVolume, 1}, StoreBuilder::Content("file 0"));
         s.build.PutInode(StoreBuilder::File(kSparse, kChunkSize + kBlockSize, 4));
       },
       [](S& s) {
         EXPECT_EQ(s.build.GetInode(kSparse).blocks, 4u);
         EXPECT_EQ(s.build.GetInode(kFile).blocks, 3u);
       }});
  add({"block-shared",
       [](S& s) {  // it belongs to the second one
         s.build.MapBlock(kDir, 0, {Space::kVolume, 12}, 99);
         s.store.Of(Family::kExtents).erase(StoreBuilder::Text(keys::Chunk(kDir, 0)));
         s.build.MapBlock(kFile, 3, {Space::kVolume, 12}, 99);
         s.build.PutInode(StoreBuilder::File(kFile, 10000, 4, 2));
       },
       [](S& s) {
         EXPECT_EQ(s.build.GetInode(kSparse).blocks, 3u);
         EXPECT_EQ(s.build.GetInode(kFile).blocks, 3u);
       }});
  add({"block-shared",
       [](S& s) {  // unwritten blocks have nothing to lose
         s.build.MapBlock(kFile, 3, {Space::kUnwritten, 12}, 0);
         s.build.PutInode(StoreBuilder::File(kFile, 10000, 4, 2));
       },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kFile).blocks, 3u); }});
  add({"block-shared", [](S& s) {
         s.build.PutBlock(kSparse, 0, {Space::kSmall, 2}, StoreBuilder::Content("other 0"));
         s.build.PutInode(StoreBuilder::File(kSparse, kChunkSize + kBlockSize, 4));
       }});
  add({"small-missing",
       [](S& s) { s.store.Of(Family::kSmall).erase(StoreBuilder::Text(keys::Small(1))); },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kFile).blocks, 2u); }});
  add({"small-too-long", [](S& s) { s.Record(Family::kSmall, keys::Small(1)).resize(4097, 'x'); }});
  add({"small-key", [](S& s) { s.store.Of(Family::kSmall)["short"] = "x"; }});
  add({"small-unowned",
       [](S& s) { s.store.Of(Family::kSmall)[StoreBuilder::Text(keys::Small(50))] = "x"; },
       [](S& s) { EXPECT_EQ(s.store.Of(Family::kSmall).size(), 2u); }, true});
}

void AddDataDamages(const Add& add) {
  add({"data-checksum", [](S& s) { s.store.volume[kBlockSize + 5] ^= std::byte{1}; },
       [](S& s) {
         EXPECT_THAT(s.Lost(), Contains("#4.damaged"));
         EXPECT_EQ(s.build.GetInode(kFile).blocks, 2u);
       }});
  add({"data-checksum", [](S& s) { FlipBit(s.Record(Family::kSmall, keys::Small(1))); },
       [](S& s) { EXPECT_THAT(s.Lost(), Contains("#4.damaged")); }});
  add({"data-beyond-end",
       [](S& s) {
         s.build.PutBlock(kFile, 2, {Space::kSmall, 1}, StoreBuilder::Content("file 2"));
       },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kFile).blocks, 3u); }});
  add({"data-beyond-end",
       [](S& s) {
         s.build.PutBlock(kOther, 9, {Space::kVolume, 30}, StoreBuilder::Content("x"));
         s.build.PutInode(StoreBuilder::File(kOther, 5000, 2));
       },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kOther).blocks, 1u); }});
}

void AddNameDamages(const Add& add) {
  add({"dirent-key", [](S& s) { s.store.Of(Family::kDirents)["short"] = "x"; }});
  add({"dirent-undecodable",
       [](S& s) {
         FlipBit(s.Record(Family::kDirents, StoreBuilder::DirentKey(kRootInode, "other")));
       },
       [](S& s) {
         EXPECT_THAT(s.Lost(), Contains("#5"));
         EXPECT_EQ(s.build.GetInode(kOther).nlink, 1u);
       }});
  add({"dirent-undecodable",
       [](S& s) {
         FlipBit(s.Record(Family::kDirents, StoreBuilder::DirentKey(kRootInode, "dir")));
       },
       [](S& s) {
         EXPECT_THAT(s.Lost(), Contains("#2"));
         EXPECT_EQ(s.build.GetInode(kRootInode).nlink, 3u);  // lost+found instead
       }});
  add({"dirent-name", [](S& s) {
         s.build.PutDirent(kDir, "a/b", kOther, DT_REG);
         s.build.PutInode(StoreBuilder::File(kOther, 5000, 1, 2));
       }});
  add({"dirent-name", [](S& s) { s.build.PutDirent(kDir, "..", kRootInode, DT_DIR); }});
  add({"dirent-parent", [](S& s) { s.build.PutDirent(kOther, "x", kFile, DT_REG); }});
  add({"dirent-hash",
       [](S& s) {
         const std::string key = keys::Dirent(kDir, 512, "moved");
         s.store.Of(Family::kDirents)[key] = EncodeDirent(key, kOther, DT_REG);
         s.build.PutInode(StoreBuilder::File(kOther, 5000, 1, 2));
       },
       [](S& s) { EXPECT_EQ(s.Lookup(kDir, "moved"), kOther); }});
  add({"dirent-hash",
       [](S& s) {  // below and above where it belongs, and there
         for (const uint64_t hash : {uint64_t{512}, uint64_t{0x7fffffffffffff00}}) {
           const std::string key = keys::Dirent(kRootInode, hash, "other");
           s.store.Of(Family::kDirents)[key] = EncodeDirent(key, kFile, DT_REG);
         }
       },
       [](S& s) { EXPECT_EQ(s.Lookup(kRootInode, "other"), kOther); }});
  add({"dirent-root", [](S& s) { s.build.PutDirent(kDir, "root", kRootInode, DT_DIR); }});
  add({"dirent-dangling", [](S& s) { s.build.PutDirent(kDir, "gone", InodeId{60}, DT_REG); },
       [](S& s) { EXPECT_EQ(s.Lookup(kDir, "gone"), kNoInode); }});
  add({"dirent-type",
       [](S& s) { s.build.PutDirent(kRootInode, "other", kOther, DT_DIR); },
       {},
       true});
}

void AddTreeDamages(const Add& add) {
  add({"directory-names",
       [](S& s) {  // the second name is where what is lost has to go
         s.build.PutDirent(kRootInode, "lost+found", kSub, DT_DIR);
         s.build.PutInode(StoreBuilder::File(InodeId{50}, 0, 0));
       },
       [](S& s) {
         EXPECT_EQ(s.Lookup(kDir, "sub"), kSub);
         EXPECT_THAT(s.Lost(), Contains("#50"));
       }});
  add({"directory-names", [](S& s) { s.build.PutDirent(kRootInode, "second", kSub, DT_DIR); },
       [](S& s) { EXPECT_EQ(s.Lookup(kDir, "sub"), kSub); }});
  add({"directory-parent",
       [](S& s) { s.build.PutInode(StoreBuilder::Directory(kSub, kRootInode, 2)); },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kSub).parent, kDir); }, true});
  add({"directory-parent",
       [](S& s) { s.build.PutInode(StoreBuilder::Directory(kRootInode, kSub, 3)); },
       {},
       true});
  add({"directory-cycle",
       [](S& s) {
         s.build.PutInode(StoreBuilder::Directory(InodeId{50}, InodeId{52}, 3));
         s.build.PutInode(StoreBuilder::Directory(InodeId{51}, InodeId{50}, 3));
         s.build.PutInode(StoreBuilder::Directory(InodeId{52}, InodeId{51}, 3));
         s.build.PutDirent(InodeId{50}, "b", InodeId{51}, DT_DIR);
         s.build.PutDirent(InodeId{51}, "c", InodeId{52}, DT_DIR);
         s.build.PutDirent(InodeId{52}, "a", InodeId{50}, DT_DIR);
       },
       [](S& s) {
         EXPECT_THAT(s.Lost(), Contains("#50"));
         EXPECT_EQ(s.Lookup(InodeId{50}, "b"), InodeId{51});
       }});
  add({"directory-cycle", [](S& s) {
         s.build.PutInode(StoreBuilder::Directory(InodeId{50}, InodeId{50}, 3));
         s.build.PutDirent(InodeId{50}, "self", InodeId{50}, DT_DIR);
       }});
  add({"inode-unreachable", [](S& s) { s.build.PutInode(StoreBuilder::File(InodeId{50}, 0, 0)); },
       [](S& s) { EXPECT_THAT(s.Lost(), Contains("#50")); }});
  add({"inode-unreachable",
       [](S& s) {
         s.build.PutInode(StoreBuilder::Directory(InodeId{50}, kDir, 2));
         s.build.PutInode(StoreBuilder::File(InodeId{51}, 0, 0));
         s.build.PutDirent(InodeId{50}, "file", InodeId{51}, DT_REG);
       },
       [](S& s) {
         EXPECT_THAT(s.Lost(), Contains("#50"));
         EXPECT_EQ(s.build.GetInode(InodeId{50}).parent, s.Lookup(kRootInode, "lost+found"));
       }});
  add({"inode-unreachable",
       [](S& s) {  // lost+found is there, and the name is taken
         s.build.PutInode(StoreBuilder::Directory(kRootInode, kRootInode, 4));
         s.build.PutInode(StoreBuilder::Directory(InodeId{50}, kRootInode, 2));
         s.build.PutInode(StoreBuilder::File(InodeId{51}, 0, 0));
         s.build.PutInode(StoreBuilder::File(InodeId{52}, 0, 0));
         s.build.PutDirent(kRootInode, "lost+found", InodeId{50}, DT_DIR);
         s.build.PutDirent(InodeId{50}, "#52", InodeId{51}, DT_REG);
       },
       [](S& s) {
         EXPECT_EQ(s.Lookup(InodeId{50}, "#52"), InodeId{51});
         EXPECT_EQ(s.Lookup(InodeId{50}, "#52~"), InodeId{52});
       }});
  add({"orphan-missing", [](S& s) { s.build.PutOrphan(InodeId{50}); }, {}, true});
  add({"orphan-named", [](S& s) { s.build.PutOrphan(kFile); }, {}, true});
  add({"orphan-not-empty",
       [](S& s) {
         s.build.PutInode(StoreBuilder::Directory(InodeId{50}, kDir, 0));
         s.build.PutInode(StoreBuilder::File(InodeId{51}, 0, 0));
         s.build.PutDirent(InodeId{50}, "file", InodeId{51}, DT_REG);
         s.build.PutOrphan(InodeId{50});
       },
       [](S& s) { EXPECT_THAT(s.Lost(), Contains("#50")); }});
}

void AddCountDamages(const Add& add) {
  add({"link-count", [](S& s) { s.build.PutInode(StoreBuilder::File(kFile, 10000, 3, 7)); },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kFile).nlink, 2u); }, true});
  add({"link-count", [](S& s) { s.build.PutInode(StoreBuilder::Directory(kDir, kRootInode, 2)); },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kDir).nlink, 3u); }, true});
  add({"link-count", [](S& s) { s.build.PutInode(StoreBuilder::File(kOrphan, kBlockSize, 1, 1)); },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kOrphan).nlink, 0u); }, true});
  add({"block-count", [](S& s) { s.build.PutInode(StoreBuilder::File(kFile, 10000, 30, 2)); },
       [](S& s) { EXPECT_EQ(s.build.GetInode(kFile).blocks, 3u); }, true});
  add({"next-inode", [](S& s) { s.build.PutState({10, 7, 100}); }, {}, true});
  add({"next-small", [](S& s) { s.build.PutState({10, 100, 2}); }, {}, true});
  add({"last-txg", [](S& s) { s.build.PutState({4, 100, 100}); }, {}, true});
}

}  // namespace

void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.code; }

std::vector<Damage> AllDamages() {
  std::vector<Damage> all;
  const Add add = [&](Damage damage) { all.push_back(std::move(damage)); };
  AddFormatDamages(add);
  AddInodeDamages(add);
  AddBlockDamages(add);
  AddDataDamages(add);
  AddNameDamages(add);
  AddTreeDamages(add);
  AddCountDamages(add);
  return all;
}

}  // namespace faultline::test
