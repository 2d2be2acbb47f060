// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lock/grace_period.h"
#include "store/extent_chunk.h"
#include "store/records.h"
#include "store/transaction.h"
#include "store/volume_read.h"

// The store: RocksDB for metadata and small data, a volume file for bulk data, and transaction
// groups that make both durable in the right order. The only code of the project that knows
// RocksDB.
//
//   STORE/FORMAT     one line of text: what this directory is, and the format version
//   STORE/lock       flock()ed by whoever has the store open; names the process and the mount point
//   STORE/meta/      RocksDB
//   STORE/reserve    ballast that keeps RocksDB from ever meeting a full disk
//   STORE/volume     bulk data, 4 KiB blocks; block 0 is a header that names the store
namespace faultline::store {

struct OpenOptions {
  bool read_only = false;                           // no byte of STORE changes
  std::chrono::milliseconds commit_interval{5000};  // [10 ms, 300 s]; dirty groups are never older
  std::chrono::milliseconds lock_timeout{
      10000};         // how long to wait for a daemon that is just finishing
  std::string owner;  // for STORE/lock: what has it open, e.g. the mount point
};

struct SpaceUsage {
  uint64_t total_blocks = 0;    // of the volume
  uint64_t free_blocks = 0;     // allocatable now, the host's free space taken into account
  uint64_t pending_blocks = 0;  // freed, waiting for a commit or a grace period
  uint64_t reserve_blocks = 0;  // kept for overwrite, unlink and truncate on a full volume
  uint64_t small_bytes = 0;     // small data in RocksDB, estimate
  uint64_t inodes = 0;          // estimate
};

struct CommitStatus {
  TxgId open = 0;     // collecting changes
  TxgId durable = 0;  // every group up to this one is on disk
  uint64_t commits = 0;
  uint64_t pending_bytes = 0;  // memory held by groups that are not durable
  std::chrono::nanoseconds last_commit{0};
  std::string error;  // not empty: the store is read-only since this error
};

// Who wants the blocks: new data is refused (ENOSPC) earlier than overwriting, so a full volume can
// still be changed.
enum class AllocationClass : uint8_t { kNewData, kOverwrite, kInternal };

// Thread-safe throughout. Calls that may do disk I/O say so; the others are memory only and may be
// made under the mapping lock.
class Store {
 public:
  // EUCLEAN: damaged or not a store (the message says what), ENOENT, EBUSY: open elsewhere (names
  // the owner), EPROTONOSUPPORT: written by an unknown format version.
  static Result<std::unique_ptr<Store>> Open(const std::filesystem::path& path,
                                             const OpenOptions& options);
  virtual ~Store() = default;  // commits what is pending, unless read-only or failed

  virtual const Superblock& Super() const = 0;
  virtual bool ReadOnly() const = 0;

  // --- looking things up: pending changes first, then RocksDB. Disk I/O. "Not found" is an empty
  // optional.
  virtual Result<std::optional<InodeRecord>> GetInode(InodeId ino) = 0;
  // Several at once, in the order asked.
  virtual Result<std::vector<std::optional<InodeRecord>>> GetInodes(
      std::span<const InodeId> inos) = 0;
  virtual Result<std::optional<Dirent>> GetDirent(InodeId parent, std::string_view name) = 0;
  // At most `limit` entries with a cookie greater than `after`, ascending. 0 starts from the
  // beginning.
  virtual Result<std::vector<Dirent>> ListDirents(InodeId parent, uint64_t after, size_t limit) = 0;
  virtual Result<ChunkPtr> GetChunk(InodeId ino, uint64_t index) = 0;
  // At most `limit` existing chunks with an index of at least `from`, ascending.
  virtual Result<std::vector<std::pair<uint64_t, ChunkPtr>>> ListChunks(InodeId ino, uint64_t from,
                                                                        size_t limit) = 0;
  virtual Result<std::vector<InodeId>> ListOrphans() = 0;

  // --- data. Disk I/O.
  // `out` is page-aligned, whole blocks. EIO with a message on a device error. Checksums are the
  // caller's to verify: it knows inode and offset.
  virtual Result<> ReadVolume(uint64_t block, std::span<std::byte> out) = 0;
  // Many at a time. The first error, of a read or of `done`, is the result; no `done` follows it.
  virtual Result<> ReadVolumeBlocks(std::span<const VolumeRead> reads, const VolumeReadDone& done);
  // `data` is page-aligned, whole blocks, `block` comes from Allocate and is not yet referenced.
  virtual Result<> WriteVolume(uint64_t block, std::span<const std::byte> data) = 0;
  // Null: no such block. It may just have been freed and committed: look the extent up again; if it
  // still names this address, the store is damaged.
  virtual Result<BlockPtr> ReadSmall(uint64_t address) = 0;

  // --- space. Memory only, except where a step of growth is due.
  // `blocks` blocks in as few extents as free space allows. ENOSPC when they are not there.
  virtual Result<std::vector<Extent>> Allocate(uint64_t blocks, AllocationClass why) = 0;
  // What Allocate gave and no transaction will name.
  virtual void Unallocate(std::span<const Extent> extents) = 0;
  // After ENOSPC: commits and waits for grace periods as long as freed-but-pending blocks can
  // satisfy `blocks`. Waits for the committer and the disk. True: try again.
  virtual bool WaitForSpace(uint64_t blocks) = 0;
  // `count` consecutive small addresses. Small data moves to the volume one day, so it counts
  // against its free space: ENOSPC as Allocate would answer.
  virtual Result<uint64_t> AllocateSmall(uint64_t count, AllocationClass why) = 0;
  virtual InodeId AllocateInode() = 0;

  // --- changing things
  // Blocks while too much is pending (the committer cannot keep up). Call it before taking any
  // lock. EROFS, EIO: the store takes no changes (any more). ENOSPC, for kNewData only (create,
  // mkdir, growing writes): the host is too full for more metadata.
  virtual Result<> WaitForRoom(AllocationClass why = AllocationClass::kOverwrite) = 0;
  // Memory only, atomic: all of it is in the same group. Returns that group. Never fails: what can
  // fail was done before.
  virtual TxgId Apply(Transaction&& transaction) = 0;
  virtual TxgId OpenTxg() const = 0;

  // --- durability
  // Calls `done` once every group up to `txg` is durable (EIO if it never will be), from the
  // committer thread, or at once if it is already. The group commit starts as soon as the running
  // one ends; several callers share it. `done` must not block.
  virtual void WhenDurable(TxgId txg, std::function<void(Result<>)> done) = 0;
  // Waits for it. Not for request threads.
  virtual Result<> Commit() = 0;
  // Called by the committer, with no lock held, before it closes a group: the moment to turn small
  // pieces into large ones.
  virtual void SetPreCommit(std::function<void()> hook) = 0;
  virtual void SetCommitInterval(std::chrono::milliseconds interval) = 0;

  // --- grace periods: every READ holds a section from before it looks extents up until its reply
  // is out.
  virtual lock::GracePeriod& Readers() = 0;

  virtual SpaceUsage Space() const = 0;      // never waits for a commit or I/O
  virtual CommitStatus Commits() const = 0;  // never waits for a commit or I/O
};

}  // namespace faultline::store
