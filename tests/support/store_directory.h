// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "store/block.h"
#include "store/format.h"
#include "store/store_impl.h"
#include "store/transaction.h"

namespace faultline::test {

// A directory that goes away with its owner.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "faultline.XXXXXX").native();
    if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    EXPECT_FALSE(path_.empty());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& Path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What a host of 256 MiB would be given, so that tests are quick and RocksDB flushes now and then.
inline store::SpaceLimits SmallLimits() { return store::SpaceLimits::ForHost(uint64_t{256} << 20); }

// A freshly made store of 64 MiB in a temporary directory, and ways to open it.
class StoreDirectory {
 public:
  explicit StoreDirectory(uint64_t size = uint64_t{64} << 20) {
    store::FormatOptions format;
    format.size = size;
    format.label = "test";
    format.limits = SmallLimits();
    auto made = store::Format(Path(), format);
    EXPECT_TRUE(made) << made.error().ToString();
    seams.limits = SmallLimits();
    // By default nothing commits unless asked.
    options.commit_interval = std::chrono::minutes(5);
    options.lock_timeout = std::chrono::milliseconds(0);
    options.owner = "a test";
  }

  std::filesystem::path Path() const { return directory_.Path() / "store"; }

  std::unique_ptr<store::StoreImpl> Open() const { return OpenAt(Path()); }
  std::unique_ptr<store::StoreImpl> OpenAt(const std::filesystem::path& path) const {
    auto store = store::StoreImpl::Open(path, options, seams);
    EXPECT_TRUE(store) << store.error().ToString();
    return store ? *std::move(store) : nullptr;
  }

  store::OpenOptions options;
  store::StoreSeams seams;

 private:
  TemporaryDirectory directory_;
};

inline store::InodeRecord FileInode(uint64_t ino, uint64_t size = 0) {
  store::InodeRecord inode;
  inode.ino = InodeId{ino};
  inode.mode = 0100644;
  inode.nlink = 1;
  inode.size = size;
  return inode;
}

inline store::BlockBuffer FilledBlocks(size_t blocks, int value) {
  auto buffer = store::BlockBuffer::Uninitialized(blocks);
  std::memset(buffer.Bytes().data(), value, buffer.Bytes().size());
  return buffer;
}

inline store::BlockPtr FilledBlock(int value) {
  return std::make_shared<const store::BlockBuffer>(FilledBlocks(1, value));
}

// A chunk whose blocks [0, count) live at `address`, with made-up checksums.
inline store::ChunkPtr ChunkAt(store::BlockAddress address, uint32_t count, uint32_t crc = 1) {
  store::ChunkEdit edit(nullptr);
  const std::vector<uint32_t> crcs(address.space == store::Space::kUnwritten ? 0 : count, crc);
  edit.Map(0, count, address, crcs, 1);
  return edit.Finish();
}

}  // namespace faultline::test
