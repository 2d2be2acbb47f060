// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/types.h"

// The keys in RocksDB, by column family. Numbers are big-endian, so that the byte order of the keys
// is the order of the numbers.
//
//   family    key                                  bytes     value
//   default   "superblock"                         10        Superblock
//             "state"                              5         StoreState
//             "orphan/" be64(ino)                  15        an inode without a name, still open
//   inodes    be64(ino)                            8         InodeRecord
//   dirents   be64(parent) be64(cookie) name       17..271   inode and type
//   extents   be64(ino) be64(chunk index)          16        ExtentChunk
//   small     be64(address)                        8         up to 4096 bytes of content
//
// A directory is ordered by a keyed hash of the names, so a lookup is one Get, a readdir position
// is a number that survives any change of the directory, and nobody without the seed can make names
// that collide (the idea: htree of ext4). `cookie` in the key is the hash alone: 55 bits, then 8
// zero bits that number the names of equal hash when they are listed.
namespace faultline::store::keys {

inline constexpr std::string_view kSuperblock = "superblock";
inline constexpr std::string_view kState = "state";
inline constexpr std::string_view kOrphanPrefix = "orphan/";

// A key of constant length, without an allocation.
template <size_t N>
struct FixedKey {
  std::array<char, N> bytes;
  operator std::string_view() const { return {bytes.data(), N}; }
};

FixedKey<15> Orphan(InodeId ino);
FixedKey<8> Inode(InodeId ino);
FixedKey<16> Chunk(InodeId ino, uint64_t index);
FixedKey<8> Small(uint64_t address);
std::string Dirent(InodeId parent, uint64_t hash, std::string_view name);
// Where the entries of `parent` with a hash of at least `hash` begin.
FixedKey<16> DirentSeek(InodeId parent, uint64_t hash);

// What they were made of; an empty optional for what is no such key.
struct ChunkKey {
  InodeId ino;
  uint64_t index;
};
struct DirentKey {
  InodeId parent;
  uint64_t hash;
  std::string_view name;  // points into the key
};
std::optional<InodeId> ParseOrphan(std::string_view key);
std::optional<InodeId> ParseInode(std::string_view key);
std::optional<ChunkKey> ParseChunk(std::string_view key);
std::optional<uint64_t> ParseSmall(std::string_view key);
std::optional<DirentKey> ParseDirent(std::string_view key);

// In [256, 2^63), the lowest 8 bits zero: cookies fit loff_t, and 0, 1 and 2 stay free for the
// start, "." and "..".
uint64_t NameHash(std::string_view name, uint64_t seed);

inline constexpr uint64_t kNamesPerHash = 256;
constexpr uint64_t HashOfCookie(uint64_t cookie) { return cookie & ~(kNamesPerHash - 1); }

}  // namespace faultline::store::keys
