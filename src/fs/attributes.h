// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/types.h"
#include "store/records.h"

namespace faultline::fs {

using store::Timestamp;

// What stat(2) shows: the published state of an inode at one moment.
using Attributes = store::InodeRecord;

// What setattr changes; what is not set stays. `size` makes the call a page-killer
// (fs/ops/truncate).
struct AttributeChange {
  std::optional<uint32_t> mode;  // permission bits; the type never changes
  std::optional<uint32_t> uid;
  std::optional<uint32_t> gid;
  std::optional<uint64_t> size;
  std::optional<Timestamp> atime;
  std::optional<Timestamp> mtime;
  std::optional<Timestamp> ctime;
  bool atime_now = false;
  bool mtime_now = false;
  bool kill_suid_sgid = false;
};

// Who asks. `unique` is the kernel's number of the request; it grows in the order in which the
// kernel queued requests.
struct Request {
  uint64_t unique = 0;
  // Every request with a smaller `unique` has been answered, or cannot be a WRITE: what the write
  // log may forget.
  uint64_t horizon = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t umask = 0;
};

struct DirectoryEntry {
  std::string name;
  InodeId ino{};
  uint8_t type = 0;                      // DT_*
  uint64_t cookie = 0;                   // position after this entry
  std::optional<Attributes> attributes;  // readdirplus
};

struct FilesystemUsage {
  uint64_t total_blocks = 0;  // of kBlockSize
  uint64_t free_blocks = 0;   // pending frees included: they are made available before ENOSPC
  uint64_t available_blocks = 0;
  uint64_t inodes = 0;
  uint64_t free_inodes = 0;
};

}  // namespace faultline::fs
