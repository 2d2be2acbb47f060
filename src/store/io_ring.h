// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <liburing.h>

#include <memory>
#include <span>

#include "store/volume_file.h"

namespace faultline::store {

// Several reads of one file at a time, through io_uring(7): a device answers four of 256 KiB sooner
// than one of 1 MiB. One ring a thread, made when it is first wanted, so nothing is shared.
class IoRing {
 public:
  // Null where the kernel has no io_uring for us: too old, forbidden by kernel.io_uring_disabled or
  // a container's seccomp filter.
  static IoRing* OfThisThread();
  ~IoRing();
  IoRing(const IoRing&) = delete;
  IoRing& operator=(const IoRing&) = delete;

  // As VolumeFile::ReadMany. What comes back short or with an error is read again by `again`.
  Result<> Read(int fd, std::span<const FileRead> reads, const ReadDone& done, VolumeFile& again);

 private:
  static constexpr unsigned kDepth = 32;

  IoRing() = default;
  static std::unique_ptr<IoRing> Make();
  size_t Submit(int fd, std::span<const FileRead> reads, size_t first);

  io_uring ring_{};
};

}  // namespace faultline::store
