// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <future>
#include <iterator>
#include <map>

#include "store/layout.h"
#include "store/store_lock.h"
#include "support/store_directory.h"

// Who may open what, and what opening leaves alone.
namespace faultline::store {
namespace {

using namespace std::chrono_literals;
using test::StoreDirectory;
namespace fs = std::filesystem;

void WriteText(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::trunc) << text;
}

// Name, content and time of change of every file.
std::map<std::string, std::pair<std::string, fs::file_time_type>> Contents(const fs::path& root) {
  std::map<std::string, std::pair<std::string, fs::file_time_type>> contents;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text =
        entry.is_regular_file() ? std::string(std::istreambuf_iterator<char>(in), {}) : "";
    contents[entry.path().native()] = {text, fs::last_write_time(entry.path())};
  }
  return contents;
}

class StoreOpen : public testing::Test {
 protected:
  Error OpenError(const fs::path& path) {
    auto store = Store::Open(path, directory_.options);
    EXPECT_FALSE(store);
    return store ? Error(0) : store.error();
  }
  void ExpectError(int code, std::string_view words) {
    const Error error = OpenError(directory_.Path());
    EXPECT_EQ(error.code(), code) << error.ToString();
    EXPECT_NE(error.message().find(words), std::string::npos) << error.message();
  }

  StoreDirectory directory_;
};

TEST_F(StoreOpen, AStoreHasOneWriter) {
  auto first = directory_.Open();
  ASSERT_NE(first, nullptr);
  ExpectError(EBUSY, "a test");
  ExpectError(EBUSY, "pid " + std::to_string(getpid()));
  directory_.options.read_only = true;
  ExpectError(EBUSY, "a test");
  first.reset();
  EXPECT_NE(directory_.Open(), nullptr);
}

TEST_F(StoreOpen, AStoreHasManyReadersButThenNoWriter) {
  directory_.options.read_only = true;
  auto first = directory_.Open();
  auto second = directory_.Open();
  ASSERT_TRUE(first && second);
  directory_.options.read_only = false;
  ExpectError(EBUSY, "reader");
}

TEST_F(StoreOpen, WaitsForADaemonThatIsFinishing) {
  auto first = directory_.Open();
  ASSERT_NE(first, nullptr);
  directory_.options.lock_timeout = 10s;
  auto second = std::async(std::launch::async, [&] { return directory_.Open(); });
  EXPECT_EQ(second.wait_for(100ms), std::future_status::timeout);
  first.reset();
  ASSERT_EQ(second.wait_for(10s), std::future_status::ready);
  EXPECT_NE(second.get(), nullptr);
}

TEST_F(StoreOpen, AnUnknownFormatIsRefusedWithBothNumbers) {
  WriteText(Layout{directory_.Path()}.Format(), "faultline store, format 7\n");
  ExpectError(EPROTONOSUPPORT, "format 7");
  ExpectError(EPROTONOSUPPORT, "format 1");
}

TEST_F(StoreOpen, WhatIsNoStoreIsRefused) {
  EXPECT_EQ(OpenError("/nonexistent/store").code(), ENOENT);
  EXPECT_EQ(OpenError("/etc/passwd").code(), ENOTDIR);
  test::TemporaryDirectory empty;
  EXPECT_EQ(OpenError(empty.Path()).code(), EUCLEAN);
  EXPECT_TRUE(fs::is_empty(empty.Path())) << "and nothing is created in it";
  for (const char* text : {"", "something else\n", "faultline store, format 1",
                           "faultline store, format x\n", "faultline store, format 1x\n"}) {
    WriteText(Layout{directory_.Path()}.Format(), text);
    EXPECT_EQ(OpenError(directory_.Path()).code(), EUCLEAN) << text;
  }
}

TEST_F(StoreOpen, HalfAStoreIsRefused) {
  WriteText(Layout{directory_.Path()}.Format(), kUnfinishedLine);
  ExpectError(EUCLEAN, "did not finish");
}

TEST_F(StoreOpen, TheVolumeOfAnotherStoreIsRefused) {
  StoreDirectory other;
  fs::copy_file(Layout{other.Path()}.Volume(), Layout{directory_.Path()}.Volume(),
                fs::copy_options::overwrite_existing);
  ExpectError(EUCLEAN, "another store");
}

TEST_F(StoreOpen, ADamagedVolumeHeaderIsRefused) {
  std::fstream volume(Layout{directory_.Path()}.Volume(), std::ios::in | std::ios::out);
  volume.seekp(20).put('x');
  volume.close();
  ExpectError(EUCLEAN, "checksum");
}

TEST_F(StoreOpen, MissingPartsAreNamed) {
  fs::remove(Layout{directory_.Path()}.Volume());
  EXPECT_EQ(OpenError(directory_.Path()).code(), ENOENT);
}

TEST_F(StoreOpen, ReadingOnlyChangesNoByte) {
  // As a crash leaves it: with changes in the log that no table has.
  test::TemporaryDirectory copy;
  {
    auto store = directory_.Open();
    ASSERT_NE(store, nullptr);
    Transaction transaction;
    transaction.PutInode(test::FileInode(10, 5));
    store->Apply(std::move(transaction));
    ASSERT_TRUE(store->Commit());
    fs::copy(directory_.Path(), copy.Path() / "store", fs::copy_options::recursive);
  }
  const auto before = Contents(copy.Path() / "store");
  directory_.options.read_only = true;
  {
    auto store = directory_.OpenAt(copy.Path() / "store");
    ASSERT_NE(store, nullptr);
    EXPECT_TRUE(store->ReadOnly());
    EXPECT_EQ((*store->GetInode(InodeId{10}))->size, 5);
    EXPECT_EQ(store->WaitForRoom(AllocationClass::kOverwrite).error().code(), EROFS);
    EXPECT_EQ(store->Allocate(1, AllocationClass::kNewData).error().code(), EROFS);
    EXPECT_TRUE(store->Commit());
    EXPECT_GT(store->Space().free_blocks, 0);
  }
  EXPECT_EQ(Contents(copy.Path() / "store"), before);
}

TEST_F(StoreOpen, ClosingCommits) {
  auto store = directory_.Open();
  Transaction transaction;
  transaction.PutInode(test::FileInode(10, 5));
  store->Apply(std::move(transaction));
  store = nullptr;
  store = directory_.Open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ((*store->GetInode(InodeId{10}))->size, 5);
}

}  // namespace
}  // namespace faultline::store
