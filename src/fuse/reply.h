// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "fs/attributes.h"
#include "fuse/wire.h"

struct fuse_req;
struct fuse_entry_param;
struct fuse_file_info;
struct stat;

namespace faultline::fuse {

/// How long the kernel may believe what it is told.
struct CachePolicy {
  /// Nobody else changes the store.
  static constexpr double kForever = 1e9;  // seconds

  bool writeback_cache = false;

  /// With a write-back cache the kernel does not ask for the number of blocks after it has written
  /// pages back; so it has to ask now and then.
  double AttributeSeconds(const fs::Attributes& attributes) const;
};

/// The only place that speaks errno to the kernel. A bound reply is given exactly once, from any
/// thread; one that nobody gives is EIO, and a line in the log.
class Reply {
 public:
  Reply(const Message& message, const CachePolicy& policy);
  ~Reply();
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  /// From here on an answer is owed. (libfuse answers some requests by itself.)
  void Bind(fuse_req* request) { request_.store(request); }
  bool Pending() const { return request_.load() != nullptr; }

  /// Errors that mean damage are logged as well, with what was asked of which inode.
  void Fail(const Error& error);
  void Ok();
  /// For FORGET: the kernel expects nothing.
  void None();
  void Entry(const fs::Attributes& attributes);
  /// There is no such name, and the kernel may remember it.
  void NoEntry();
  /// False: the caller was interrupted, the kernel does not know of the new file handle.
  bool Created(const fs::Attributes& attributes, const fuse_file_info& file);
  bool Opened(const fuse_file_info& file);
  void Attributes(const fs::Attributes& attributes);
  void Bytes(std::span<const std::byte> bytes);
  void Written(size_t bytes);
  void Position(uint64_t offset);
  void Usage(const fs::FilesystemUsage& usage);
  void Ioctl(std::span<const std::byte> output);

  /// EINTR, unless the answer was given already; false then. A completion that comes later finds
  /// nothing left to do.
  bool Interrupt();

  /// Fail(error) or Ok(), and the like: how completions answer.
  void Finish(const Result<>& result);
  void FinishWritten(const Result<size_t>& result);

 private:
  fuse_req* Take();
  void Log(const Error& error) const;

  std::atomic<fuse_req*> request_{nullptr};
  std::atomic<bool> interrupted_{false};
  const uint32_t opcode_;
  const InodeId ino_;
  const CachePolicy policy_;
};

/// As stat(2) shows it.
struct stat ToStat(const fs::Attributes& attributes);
/// A name with a reference to its inode.
fuse_entry_param ToEntry(const fs::Attributes& attributes, const CachePolicy& policy);

}  // namespace faultline::fuse
