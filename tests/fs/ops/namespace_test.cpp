// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>

#include "base/test_point.h"
#include "support/kernel_mount.h"
#include "support/mounted_filesystem.h"

namespace faultline::test {
namespace {

class Namespace : public ::testing::Test {
 protected:
  int Rename(InodeId from, std::string_view name, InodeId to, std::string_view new_name,
             uint32_t flags = 0) {
    return ErrnoOf(m_->Rename(from, name, to, new_name, flags));
  }
  InodeId Find(std::string_view name, InodeId parent = kRootInode) {
    auto found = m_->Lookup(parent, name);
    return found ? found->ino : kNoInode;
  }
  std::map<std::string, InodeId> List(InodeId ino, size_t at_a_time = 100) {
    std::map<std::string, InodeId> all;
    uint64_t cookie = 0;
    for (;;) {
      auto entries = m_->ReadDirectory(ino, cookie, at_a_time, false);
      EXPECT_TRUE(entries);
      if (!entries || entries->empty()) return all;
      for (const auto& entry : *entries) EXPECT_TRUE(all.emplace(entry.name, entry.ino).second);
      cookie = entries->back().cookie;
    }
  }
  uint32_t Links(InodeId ino) { return m_.Stat(ino).nlink; }

  MountedFilesystem m_;
};

using Create = Namespace;
using Unlink = Namespace;
using RenameTest = Namespace;
using ReadDirectory = Namespace;

TEST_F(Create, NewFileIsEmptyAndFound) {
  const InodeId file = m_.MakeFile("f");
  EXPECT_EQ(Find("f"), file);
  const fs::Attributes attributes = m_.Stat(file);
  EXPECT_EQ(attributes.mode, S_IFREG | 0644u);
  EXPECT_EQ(attributes.nlink, 1u);
  EXPECT_EQ(attributes.size + attributes.blocks, 0u);
  EXPECT_EQ(attributes.uid, 1000u);
}

TEST_F(Create, NamesAreChecked) {
  m_.MakeFile("f");
  auto make = [&](std::string_view name) {
    return ErrnoOf(m_->Create(m_.NextRequest(), kRootInode, name, 0644));
  };
  EXPECT_EQ(make("f"), EEXIST);
  EXPECT_EQ(make(std::string(255, 'n')), 0);
  EXPECT_EQ(make(std::string(256, 'n')), ENAMETOOLONG);
  EXPECT_EQ(make(""), EINVAL);
  EXPECT_EQ(make("."), EINVAL);
  EXPECT_EQ(ErrnoOf(m_->Create(m_.NextRequest(), Find("f"), "x", 0644)), ENOTDIR);
  EXPECT_EQ(ErrnoOf(m_->Create(m_.NextRequest(), InodeId{999}, "x", 0644)), ENOENT);
}

// POSIX mkdir(): "link count of the parent" is that of its subdirectories and itself.
TEST_F(Create, DirectoryCountsItsSubdirectories) {
  const InodeId dir = m_.MakeDirectory("d");
  m_.MakeDirectory("sub", dir);
  m_.MakeFile("file", dir);
  EXPECT_EQ(Links(dir), 3u);
  EXPECT_EQ(Links(kRootInode), 3u);
  EXPECT_EQ(m_.Stat(dir).parent, kRootInode);
}

TEST_F(Create, SetgidDirectoryHandsItsGroupDown) {
  const InodeId dir = m_.MakeDirectory("d");
  fs::AttributeChange change;
  change.mode = 02755;
  change.gid = 42;
  ASSERT_TRUE(m_->SetAttributes(m_.NextRequest(), dir, change));
  const fs::Attributes file = m_.Stat(m_.MakeFile("f", dir));
  const fs::Attributes sub = m_.Stat(m_.MakeDirectory("s", dir));
  EXPECT_EQ(file.gid, 42u);
  EXPECT_EQ(file.mode & S_ISGID, 0u);
  EXPECT_EQ(sub.gid, 42u);
  EXPECT_NE(sub.mode & S_ISGID, 0u);
}

// POSIX unlink(): mark for update "the last data modification and last file status change
// timestamps of the parent directory", and, if the file's link count is not 0, of the file.
TEST_F(Create, ParentTimesChange) {
  const InodeId dir = m_.MakeDirectory("d");
  fs::AttributeChange old;
  old.mtime = old.ctime = store::Timestamp{1, 0};
  ASSERT_TRUE(m_->SetAttributes(m_.NextRequest(), dir, old));
  m_.MakeFile("f", dir);
  EXPECT_GT(m_.Stat(dir).mtime.seconds, 1);
  ASSERT_TRUE(m_->SetAttributes(m_.NextRequest(), dir, old));
  ASSERT_TRUE(m_->Unlink(dir, "f"));
  EXPECT_GT(m_.Stat(dir).mtime.seconds, 1);
  EXPECT_GT(m_.Stat(dir).ctime.seconds, 1);
}

TEST_F(Create, NothingIsMadeInARemovedDirectory) {
  const InodeId dir = m_.MakeDirectory("d");
  ASSERT_TRUE(m_->Rmdir(kRootInode, "d"));
  EXPECT_EQ(ErrnoOf(m_->Create(m_.NextRequest(), dir, "f", 0644)), ENOENT);
}

TEST_F(Unlink, ErrorsNameTheKind) {
  const InodeId dir = m_.MakeDirectory("d");
  m_.MakeFile("f", dir);
  EXPECT_EQ(ErrnoOf(m_->Unlink(kRootInode, "none")), ENOENT);
  EXPECT_EQ(ErrnoOf(m_->Unlink(kRootInode, "d")), EISDIR);
  EXPECT_EQ(ErrnoOf(m_->Rmdir(dir, "f")), ENOTDIR);
  EXPECT_EQ(ErrnoOf(m_->Rmdir(kRootInode, "d")), ENOTEMPTY);
  ASSERT_TRUE(m_->Unlink(dir, "f"));
  ASSERT_TRUE(m_->Rmdir(kRootInode, "d"));
  EXPECT_EQ(Links(kRootInode), 2u);
}

TEST_F(Unlink, OpenFileLivesOnWithoutAName) {
  const InodeId file = m_.MakeFile("f");
  ASSERT_EQ(m_.Write(file, 0, "text"), 0);
  ASSERT_TRUE(m_->Unlink(kRootInode, "f"));
  EXPECT_EQ(Links(file), 0u);
  ASSERT_EQ(m_.Write(file, 4, " more"), 0);
  EXPECT_EQ(m_.ReadAll(file), "text more");
  ASSERT_EQ(m_.Fsync(file), 0);
}

TEST_F(Unlink, LastReferenceGivesTheSpaceBack) {
  const uint64_t free = m_.store().Space().free_blocks;
  const InodeId file = m_.MakeFile("f");
  ASSERT_EQ(m_.Write(file, 0, std::string(100 * kBlockSize, 'x')), 0);
  ASSERT_EQ(m_.Write(file, 1000 * kBlockSize, "small"), 0);
  ASSERT_TRUE(m_->Unlink(kRootInode, "f"));
  m_->Forget(file, 1);
  ASSERT_TRUE(m_->Shutdown());
  EXPECT_EQ(m_.store().Space().free_blocks, free);
  EXPECT_EQ(m_.store().LiveSmallBlocks(), 0u);
  EXPECT_FALSE((*m_.store().GetInode(file)).has_value());
  EXPECT_TRUE(m_.store().ListOrphans()->empty());
}

TEST_F(Unlink, OrphansOfACrashAreCollected) {
  const InodeId file = m_.MakeFile("f");
  ASSERT_EQ(m_.Write(file, 0, std::string(100 * kBlockSize, 'x')), 0);
  ASSERT_TRUE(m_->Unlink(kRootInode, "f"));
  ASSERT_TRUE(m_.store().Commit());
  m_.Crash();
  ASSERT_TRUE(m_->Shutdown());
  EXPECT_FALSE((*m_.store().GetInode(file)).has_value());
  EXPECT_EQ(m_.MappedBlocks(file), 0u);
}

// A damaged store. Starting over until the name is gone would never end.
TEST_F(Unlink, NameThatLeadsNowhereIsAnError) {
  store::Transaction damage;
  damage.PutDirent(kRootInode, "ghost", InodeId{4711}, DT_REG);
  m_.store().Apply(std::move(damage));
  m_.MakeFile("f");
  EXPECT_EQ(ErrnoOf(m_->Lookup(kRootInode, "ghost")), EUCLEAN);
  EXPECT_EQ(ErrnoOf(m_->Unlink(kRootInode, "ghost")), EUCLEAN);
  EXPECT_EQ(Rename(kRootInode, "ghost", kRootInode, "x"), EUCLEAN);
  EXPECT_EQ(Rename(kRootInode, "f", kRootInode, "ghost"), EUCLEAN);
}

TEST_F(RenameTest, Matrix) {
  struct Case {
    const char* from;
    const char* to;
    uint32_t flags;
    int error;
  };
  // f: file, e: empty directory, d: full directory, n: no such name; the second set is to replace.
  const Case cases[] = {
      {"f", "n", 0, 0},
      {"e", "n", 0, 0},
      {"n", "f2", 0, ENOENT},
      {"f", "f2", 0, 0},
      {"f", "e2", 0, EISDIR},
      {"f", "d2", 0, EISDIR},
      {"d", "f2", 0, ENOTDIR},
      {"d", "e2", 0, 0},
      {"d", "d2", 0, ENOTEMPTY},
      {"f", "f2", RENAME_NOREPLACE, EEXIST},
      {"f", "n", RENAME_NOREPLACE, 0},
      {"f", "d2", RENAME_EXCHANGE, 0},
      {"d", "f2", RENAME_EXCHANGE, 0},
      {"d", "d2", RENAME_EXCHANGE, 0},
      {"f", "n", RENAME_EXCHANGE, ENOENT},
      {"f", "f2", RENAME_NOREPLACE | RENAME_EXCHANGE, EINVAL},
      {"f", "f2", RENAME_WHITEOUT, EINVAL},
  };
  int round = 0;
  for (const Case& c : cases) {
    for (const bool same_parent : {true, false}) {
      SCOPED_TRACE(std::string(c.from) + " to " + c.to + " " + std::to_string(c.flags));
      const InodeId a = m_.MakeDirectory("a" + std::to_string(round));
      const InodeId b = same_parent ? a : m_.MakeDirectory("b" + std::to_string(round));
      ++round;
      m_.MakeFile("f", a);
      m_.MakeDirectory("e", a);
      m_.MakeFile("inside", m_.MakeDirectory("d", a));
      m_.MakeFile("f2", b);
      m_.MakeDirectory("e2", b);
      m_.MakeFile("inside", m_.MakeDirectory("d2", b));
      const InodeId moved = Find(c.from, a);
      const InodeId replaced = Find(c.to, b);
      EXPECT_EQ(Rename(a, c.from, b, c.to, c.flags), c.error);
      if (c.error != 0) {
        EXPECT_EQ(Find(c.from, a), moved);
        EXPECT_EQ(Find(c.to, b), replaced);
      } else {
        EXPECT_EQ(Find(c.to, b), moved);
        EXPECT_EQ(Find(c.from, a), c.flags == RENAME_EXCHANGE ? replaced : kNoInode);
        if (replaced != kNoInode && c.flags == 0) {
          EXPECT_EQ(Links(replaced), 0u);
        }
      }
      for (const InodeId dir : {a, b}) {
        uint32_t subdirectories = 0;
        for (const auto& [name, ino] : List(dir)) {
          if (name == "." || name == ".." || !S_ISDIR(m_.Stat(ino).mode)) continue;
          ++subdirectories;
          EXPECT_EQ(m_.Stat(ino).parent, dir);
        }
        EXPECT_EQ(Links(dir), 2 + subdirectories);
      }
    }
  }
}

// POSIX rename(): "If the old argument and the new argument resolve to either the same existing
// directory entry or different directory entries for the same existing file, rename() shall return
// successfully and perform no other action."
TEST_F(RenameTest, OntoItselfDoesNothing) {
  const InodeId file = m_.MakeFile("f");
  EXPECT_EQ(Rename(kRootInode, "f", kRootInode, "f"), 0);
  EXPECT_EQ(Find("f"), file);
  EXPECT_EQ(Links(file), 1u);
}

TEST_F(RenameTest, NameThatChangesMeanwhileIsLookedUpAgain) {
  const InodeId a = m_.MakeFile("a");
  HeldAt rename("fs.rename.prepared", [&] { return Rename(kRootInode, "a", kRootInode, "b"); });
  auto unlink =
      std::async(std::launch::async, [&] { return ErrnoOf(m_->Unlink(kRootInode, "a")); });
  EXPECT_EQ(rename.Join(), 0);
  EXPECT_EQ(unlink.get(), ENOENT);
  EXPECT_EQ(Find("b"), a);
}

TEST_F(ReadDirectory, PagesAreCompleteWhateverTheirSize) {
  for (int i = 0; i < 50; ++i) m_.MakeFile("f" + std::to_string(i));
  for (const size_t at_a_time : {1, 2, 3, 7, 100})
    EXPECT_EQ(List(kRootInode, at_a_time).size(), 52u);
}

TEST_F(ReadDirectory, DotDotIsTheParent) {
  const InodeId dir = m_.MakeDirectory("d");
  const InodeId sub = m_.MakeDirectory("s", dir);
  EXPECT_EQ(List(sub)[".."], dir);
  EXPECT_EQ(Find("..", sub), dir);
  EXPECT_EQ(List(kRootInode)[".."], kRootInode);
}

TEST_F(ReadDirectory, EntryThatCannotBeLoadedTakesNoOthersWithIt) {
  m_.MakeFile("a");
  m_.MakeFile("b");
  store::Transaction damage;
  damage.PutDirent(kRootInode, "ghost", InodeId{4711}, DT_REG);
  m_.store().Apply(std::move(damage));
  auto entries = m_->ReadDirectory(kRootInode, 0, 100, true);
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), 5u);
  for (const auto& entry : *entries)
    EXPECT_EQ(entry.attributes.has_value(), entry.name == "a" || entry.name == "b") << entry.name;
}

}  // namespace
}  // namespace faultline::test
