// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "base/result.h"

namespace faultline::store {

struct FileRead {
  uint64_t offset = 0;
  std::span<std::byte> out;
};
// Told of each read as soon as it is there, in any order, on the caller's thread.
using ReadDone = std::function<Result<>(size_t index, Result<> read)>;

// The system calls that the volume makes, and the place where a test records them or makes them
// fail. Thread-safe. Offsets and sizes in bytes; buffers, offsets and sizes are multiples of
// kBlockSize, buffers aligned to it. Errors carry the errno.
class VolumeFile {
 public:
  enum class Access { kReadOnly, kReadWrite, kCreate };

  // O_DIRECT where the host's file system has it, else through its page cache.
  static Result<std::unique_ptr<VolumeFile>> Open(const std::filesystem::path& path, Access access);
  virtual ~VolumeFile() = default;

  // Reads zeros behind the end of the file.
  virtual Result<> Read(uint64_t offset, std::span<std::byte> out) = 0;
  // All of them at the same time, where the host can. The first error that `done` returns is the
  // result, and nothing more is reported then.
  virtual Result<> ReadMany(std::span<const FileRead> reads, const ReadDone& done);
  virtual Result<> Write(uint64_t offset, std::span<const std::byte> data) = 0;
  // What was written, and what is needed to read it again, is on the medium afterwards.
  virtual Result<> SyncData() = 0;
  virtual Result<uint64_t> Size() = 0;
  // Makes the file `size` long, with space reserved on the host for what is new.
  virtual Result<> Grow(uint64_t size) = 0;
  virtual bool Direct() const = 0;
};

}  // namespace faultline::store
