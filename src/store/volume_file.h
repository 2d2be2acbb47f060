// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "base/result.h"

namespace faultline::store {

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
  virtual Result<> Write(uint64_t offset, std::span<const std::byte> data) = 0;
  // What was written, and what is needed to read it again, is on the medium afterwards.
  virtual Result<> SyncData() = 0;
  virtual Result<uint64_t> Size() = 0;
  // Makes the file `size` long, with space reserved on the host for what is new.
  virtual Result<> Grow(uint64_t size) = 0;
  virtual bool Direct() const = 0;
};

}  // namespace faultline::store
