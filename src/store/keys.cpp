// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/keys.h"

#include <endian.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>

#include "store/records.h"

namespace faultline::store::keys {

namespace {

void PutBe64(char* to, uint64_t number) {
  const uint64_t big = htobe64(number);
  std::memcpy(to, &big, sizeof big);
}

uint64_t GetBe64(std::string_view bytes, size_t at = 0) {
  uint64_t big;
  std::memcpy(&big, bytes.data() + at, sizeof big);
  return be64toh(big);
}

FixedKey<8> Number(uint64_t number) {
  FixedKey<8> key;
  PutBe64(key.bytes.data(), number);
  return key;
}

FixedKey<16> Pair(uint64_t first, uint64_t second) {
  FixedKey<16> key;
  PutBe64(key.bytes.data(), first);
  PutBe64(key.bytes.data() + 8, second);
  return key;
}

std::optional<uint64_t> ParseNumber(std::string_view key) {
  if (key.size() != 8) return std::nullopt;
  return GetBe64(key);
}

}  // namespace

FixedKey<15> Orphan(InodeId ino) {
  FixedKey<15> key;
  std::ranges::copy(kOrphanPrefix, key.bytes.begin());
  PutBe64(key.bytes.data() + kOrphanPrefix.size(), Raw(ino));
  return key;
}

FixedKey<8> Inode(InodeId ino) { return Number(Raw(ino)); }
FixedKey<16> Chunk(InodeId ino, uint64_t index) { return Pair(Raw(ino), index); }
FixedKey<8> Small(uint64_t address) { return Number(address); }
FixedKey<16> DirentSeek(InodeId parent, uint64_t hash) { return Pair(Raw(parent), hash); }

std::string Dirent(InodeId parent, uint64_t hash, std::string_view name) {
  const FixedKey<16> start = DirentSeek(parent, hash);
  std::string key;
  key.reserve(start.bytes.size() + name.size());
  return key.append(start).append(name);
}

std::optional<InodeId> ParseOrphan(std::string_view key) {
  if (!key.starts_with(kOrphanPrefix)) return std::nullopt;
  return ParseInode(key.substr(kOrphanPrefix.size()));
}

std::optional<InodeId> ParseInode(std::string_view key) {
  const auto number = ParseNumber(key);
  if (!number || *number == 0) return std::nullopt;
  return InodeId{*number};
}

std::optional<ChunkKey> ParseChunk(std::string_view key) {
  if (key.size() != 16) return std::nullopt;
  return ChunkKey{InodeId{GetBe64(key)}, GetBe64(key, 8)};
}

std::optional<uint64_t> ParseSmall(std::string_view key) { return ParseNumber(key); }

std::optional<DirentKey> ParseDirent(std::string_view key) {
  if (key.size() <= 16 || key.size() > 16 + kMaxNameLength) return std::nullopt;
  return DirentKey{InodeId{GetBe64(key)}, GetBe64(key, 8), key.substr(16)};
}

uint64_t NameHash(std::string_view name, uint64_t seed) {
  const uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), seed) >> 1;
  return std::max(HashOfCookie(hash), kNamesPerHash);
}

}  // namespace faultline::store::keys
