// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "lock/mutex.h"
#include "store/extent.h"
#include "store/volume_file.h"
#include "store/volume_read.h"

namespace faultline::store {

// What block 0 says.
struct VolumeHeader {
  std::array<uint8_t, 16> uuid{};  // of the store
  uint64_t blocks = 0;             // size it may grow to, the header included

  bool operator==(const VolumeHeader&) const = default;
};

// STORE/volume: bulk data in blocks of kBlockSize. Block 0 is a header that names the store, so
// that the volume of another one is refused. The file is as long as it has grown so far; what the
// allocator may hand out lies below that.
//
//   header   offset  0  "FLVOLUME"
//                    8  le32 format version
//                   12  uuid of the store, 16 bytes
//                   28  le64 size it may grow to, in blocks
//                   36  le32 CRC-32C of bytes 0..35
//
// Thread-safe. Blocks on the caller's side, bytes below. Errors: EIO with a message that names
// the blocks; a failed sync is final, because the kernel then forgets what it could not write.
class Volume {
 public:
  using Uuid = std::array<uint8_t, 16>;

  // mkfs: writes and syncs the header.
  static Result<> Format(VolumeFile& file, const Uuid& uuid, uint64_t blocks);
  // EUCLEAN: there is none, or a damaged one. EPROTONOSUPPORT: another format.
  static Result<VolumeHeader> ReadHeader(VolumeFile& file);
  // EUCLEAN: not the volume of this store.
  static Result<std::unique_ptr<Volume>> Open(std::unique_ptr<VolumeFile> file, const Uuid& uuid,
                                              uint64_t blocks);

  // Disk I/O.
  Result<> Read(uint64_t block, std::span<std::byte> out);
  Result<> ReadMany(std::span<const VolumeRead> reads, const VolumeReadDone& done);
  Result<> Write(uint64_t block, std::span<const std::byte> data);

  // After it returns, every Write that had returned before is on the medium. One flush of the
  // device, and none when nothing was written since the last one.
  Result<> Sync();

  // Grows to `blocks` and returns the new ones: none when another thread was faster. Durable with
  // the next Sync.
  Result<Extent> GrowTo(uint64_t blocks);
  uint64_t Blocks() const { return grown_.load(std::memory_order_acquire); }
  uint64_t MaxBlocks() const { return max_blocks_; }
  bool Direct() const { return file_->Direct(); }

 private:
  Volume(std::unique_ptr<VolumeFile> file, uint64_t grown, uint64_t max_blocks)
      : file_(std::move(file)), max_blocks_(max_blocks), grown_(grown) {}
  Result<> CheckRange(uint64_t block, size_t bytes) const;

  const std::unique_ptr<VolumeFile> file_;
  const uint64_t max_blocks_;
  std::atomic<uint64_t> grown_;
  // Set after a write has returned and before its caller can name it: what Sync() finds false is
  // on the medium or not yet named.
  std::atomic<bool> dirty_{false};
  lock::Mutex grow_mu_{lock::LockClass::kVolume};
};

}  // namespace faultline::store
