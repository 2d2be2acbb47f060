// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/extent_chunk.h"
#include "store/fsck.h"
#include "store/fsck/edits.h"
#include "store/fsck/inode_table.h"

namespace faultline::store::fsck {

// An inode that other records name, but that has no valid record.
struct MissingInode {
  struct Name {
    std::string key;
    uint8_t type;
  };
  std::string damage;  // why its record does not decode; empty: there is none
  std::vector<Name> names;
  bool has_entries = false;
  uint64_t blocks = 0;     // mapped
  uint64_t end_block = 0;  // of the last mapped one
};

// A file that fsck makes in lost+found: what it took out of somewhere.
struct RescuedFile {
  uint64_t size = 0;
  std::map<uint64_t, ChunkPtr> chunks;
};

// Where a block is used.
struct BlockPlace {
  InodeId ino;
  uint64_t chunk;
  uint32_t block;  // of the chunk

  uint64_t Offset() const { return chunk * kChunkSize + block * kBlockSize; }
};

// What the passes share. One thread.
struct Context {
  Context(FsckStore& s, const FsckOptions& o) : store(s), options(o), edits(s) {}

  FsckStore& store;
  const FsckOptions& options;
  FsckReport report;
  Edits edits;

  Superblock super;
  StoreState state;
  InodeTable inodes;
  std::map<InodeId, MissingInode> missing;
  std::map<std::string, RescuedFile> rescued;  // by name
  std::set<InodeId> misowned;                  // have extents, but are no files
  uint64_t greatest_small = 0;                 // that was found
  uint64_t new_smalls = 0;                     // made by fsck, behind every other
  TxgId greatest_birth = 0;
  bool new_hashes = false;    // the seed is new, every name has to move
  bool lost_extents = false;  // some extent record was too damaged to know what it named

  void Found(Problem problem) { report.problems.push_back(std::move(problem)); }
  void EnterPass(std::string_view name);
  void Tick();  // one more record

  // The content of a block. False: a small block that does not exist. `out` is page-aligned.
  Result<bool> ReadBlock(BlockAddress address, std::span<std::byte, kBlockSize> out);
  // Plans to map a block into a file of lost+found. `size`: of that file, at least.
  void Rescue(const std::string& file, uint64_t size, uint64_t chunk, uint32_t block,
              BlockAddress address, uint32_t crc);
  // Takes an address for a small block and plans to write it.
  BlockAddress NewSmall(std::span<const std::byte, kBlockSize> content);
  // Plans the change of a chunk that exists, and keeps the count of its owner's blocks.
  Result<> ChangeChunk(InodeId ino, uint64_t index, const std::function<void(ChunkEdit&)>& change);

 private:
  FsckProgress progress_;
};

// The passes, in their order. An error is one of operation.
Result<bool> CheckFormat(Context& context);  // false: nothing else can be checked
Result<> CheckInodes(Context& context);
Result<> CheckBlocks(Context& context);  // extents and small
Result<> CheckData(Context& context);
Result<> CheckNames(Context& context);
Result<> CheckTree(Context& context);
Result<> CheckCounts(Context& context);

// Deals with every inode of `missing`: makes it again, or drops the names that lead nowhere.
Result<> ResolveMissingInodes(Context& context);

// For messages.
std::string InodeText(InodeId ino);
std::string EntryText(InodeId parent, std::string_view name);
std::string PlaceText(const BlockPlace& place);
std::string AddressText(BlockAddress address);
std::string HexText(std::string_view bytes);

}  // namespace faultline::store::fsck
