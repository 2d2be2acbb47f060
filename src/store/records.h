// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "store/extent.h"

// The values in RocksDB. Every record is: tag (1 byte), version (1 byte), fields (little-endian,
// fixed), CRC-32C over the key and all of the above, so a record under a wrong key does not decode
// either (store/record_codec.h). Decode...() answers EUCLEAN with a message that says what is wrong
// or out of bounds; an unknown version is its own message. Keys: store/keys.h.
namespace faultline::store {

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kMaxNameLength = 255;  // bytes
inline constexpr size_t kMaxLabelLength = 64;  // bytes

struct Timestamp {
  int64_t seconds = 0;
  uint32_t nanoseconds = 0;  // [0, 1e9)

  auto operator<=>(const Timestamp&) const = default;
};

struct InodeRecord {
  InodeId ino{};
  uint32_t generation = 1;
  uint32_t mode = 0;  // type and permission bits, as st_mode
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t nlink = 0;
  uint32_t rdev = 0;
  uint32_t flags = 0;   // FS_*_FL
  uint64_t size = 0;    // bytes
  uint64_t blocks = 0;  // allocated, in units of kBlockSize
  Timestamp atime, mtime, ctime, btime;
  InodeId parent{};  // directories: what ".." is; others 0

  bool operator==(const InodeRecord&) const = default;
};

struct Dirent {
  std::string name;
  InodeId ino{};
  uint8_t type = 0;     // DT_*
  uint64_t cookie = 0;  // seekable readdir position: continue with entries whose cookie is greater

  bool operator==(const Dirent&) const = default;
};

// What never changes after mkfs.
struct Superblock {
  uint32_t format = kFormatVersion;
  std::array<uint8_t, 16> uuid{};
  std::string label;            // at most 64 bytes
  uint64_t volume_blocks = 0;   // size of the volume in blocks, header block included
  uint64_t name_hash_seed = 0;  // keys the hash that orders directories
  Timestamp created;

  bool operator==(const Superblock&) const = default;
};

// What every commit renews.
struct StoreState {
  TxgId last_txg = 0;
  uint64_t next_inode = 2;
  uint64_t next_small = 1;

  bool operator==(const StoreState&) const = default;
};

std::string EncodeSuperblock(const Superblock& super);  // a longer label is cut off
Result<Superblock> DecodeSuperblock(std::string_view record);

std::string EncodeState(const StoreState& state);
Result<StoreState> DecodeState(std::string_view record);

std::string EncodeInode(std::string_view key, const InodeRecord& inode);
Result<InodeRecord> DecodeInode(std::string_view key, std::string_view record);

std::string EncodeDirent(std::string_view key, InodeId ino, uint8_t type);
// The cookie is that of the first name with this hash.
Result<Dirent> DecodeDirent(std::string_view key, std::string_view record);

std::string EncodeOrphan(std::string_view key);
Result<InodeId> DecodeOrphan(std::string_view key, std::string_view record);

// The one value without a frame: a small block's content without its trailing zeros. Its checksum
// is in the extent that names it, as for every block.
std::string_view EncodeSmall(std::span<const std::byte, kBlockSize> block);  // points into `block`
Result<> DecodeSmall(std::string_view value, std::span<std::byte, kBlockSize> block);

}  // namespace faultline::store
