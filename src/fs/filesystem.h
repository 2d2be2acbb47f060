// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "fs/attributes.h"
#include "fs/kernel_cache.h"
#include "fs/read_reply.h"
#include "store/store.h"

// The semantics of the file system: everything between "a request arrived" and "this is the
// answer". Knows neither libfuse nor RocksDB.
//
// Threads: every call may be made from any thread, concurrently. A call runs in the requester's
// place and may do disk I/O; it never waits for the kernel, nor for another request. Calls that
// have to wait for either take a completion, which is called exactly once: before the call returns,
// from the notifier thread (page-killers), or from the committer (fsync). Errors are positive
// errnos, as the man page of the system call names them.
namespace faultline::fs {

struct Options {
  bool writeback_cache =
      false;  // the kernel owns size and times of open files (FUSE_WRITEBACK_CACHE)
  bool read_only = false;
};

// How bytes come in, because their place in the order of things differs.
enum class WriteKind {
  kBuffered,   // write(2) through the page cache, passed on at once; the caller holds i_rwsem
  kWriteback,  // page-cache writeback: the folio is under writeback, everything may be waiting for
               // it
  kDirect,     // O_DIRECT: bypasses the page cache, so it kills pages
};
enum class ReadKind { kPageCache, kDirect };

template <typename T = void>
using Completion = std::function<void(Result<T>)>;

class Filesystem {
 public:
  // Collects orphans that a crash left behind, in the background.
  static Result<std::unique_ptr<Filesystem>> Open(store::Store& store, KernelCache& kernel,
                                                  const Options& options);
  virtual ~Filesystem() = default;

  // --- namespace. Each successful Lookup, Create, Mkdir and readdirplus entry (but "." and "..")
  // adds one reference that Forget takes back.
  virtual Result<Attributes> Lookup(InodeId parent, std::string_view name) = 0;
  virtual void Forget(InodeId ino, uint64_t count) = 0;
  virtual Result<Attributes> Create(const Request& request, InodeId parent, std::string_view name,
                                    uint32_t mode) = 0;
  virtual Result<Attributes> Mkdir(const Request& request, InodeId parent, std::string_view name,
                                   uint32_t mode) = 0;
  virtual Result<> Unlink(InodeId parent, std::string_view name) = 0;
  virtual Result<> Rmdir(InodeId parent, std::string_view name) = 0;
  // flags: 0 or RENAME_NOREPLACE or RENAME_EXCHANGE; others are EINVAL.
  virtual Result<> Rename(InodeId parent, std::string_view name, InodeId new_parent,
                          std::string_view new_name, uint32_t flags) = 0;
  // Entries after `cookie` (0: from the start, with "." and ".."), at most `limit`. `plus`: with
  // attributes, and with a reference for each that is returned with them; the caller must Forget
  // those it could not pass on.
  virtual Result<std::vector<DirectoryEntry>> ReadDirectory(InodeId ino, uint64_t cookie,
                                                            size_t limit, bool plus) = 0;

  // --- attributes
  virtual Result<Attributes> GetAttributes(InodeId ino) = 0;
  virtual Result<Attributes> SetAttributes(const Request& request, InodeId ino,
                                           const AttributeChange& change) = 0;

  // --- data
  // flags as open(2). O_TRUNC does not arrive here: the kernel sends SETATTR (ATOMIC_O_TRUNC is not
  // negotiated).
  virtual Result<> OpenFile(InodeId ino, int flags) = 0;
  virtual void ReleaseFile(InodeId ino, int flags) = 0;
  // The reply holds a grace-period read section: destroy it after the answer is out, not before.
  virtual Result<ReadReply> Read(InodeId ino, ByteRange range, ReadKind kind) = 0;
  // `data` is used before the call returns, whenever `done` comes. Best page-aligned: then it goes
  // to the volume without a copy. kWriteback is answered from within the call, always.
  virtual void Write(const Request& request, InodeId ino, WriteKind kind, uint64_t offset,
                     std::span<const std::byte> data, bool kill_suid_sgid,
                     Completion<size_t> done) = 0;
  // mode: 0, KEEP_SIZE, PUNCH_HOLE|KEEP_SIZE, ZERO_RANGE, ZERO_RANGE|KEEP_SIZE; others EOPNOTSUPP.
  virtual void Fallocate(const Request& request, InodeId ino, int mode, ByteRange range,
                         Completion<> done) = 0;
  // Block-aligned ranges (or up to the EOF of a destination that ends there); anything else is
  // EOPNOTSUPP, whose fallback in the kernel goes through the page cache and is coherent.
  virtual void CopyFileRange(const Request& request, InodeId in, uint64_t in_offset, InodeId out,
                             uint64_t out_offset, uint64_t size, Completion<size_t> done) = 0;
  virtual Result<uint64_t> Seek(InodeId ino, uint64_t offset,
                                int whence) = 0;  // SEEK_DATA, SEEK_HOLE; ENXIO
  virtual void Fsync(InodeId ino, bool data_only, Completion<> done) = 0;

  // --- the whole
  virtual FilesystemUsage Usage() const = 0;  // never waits for I/O
  // The kernel is gone: forgets every inode, collects the unlinked ones, commits.
  virtual Result<> Shutdown() = 0;
};

}  // namespace faultline::fs
