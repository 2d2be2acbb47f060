// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/records.h"
#include "store/space_guard.h"

namespace faultline::store {

inline constexpr uint64_t kMinVolumeBytes = uint64_t{4} << 20;
inline constexpr uint64_t kMaxVolumeBytes = uint64_t{1} << 60;

struct FormatOptions {
  uint64_t size = 0;                  // of the volume, bytes; 0: what the host has free now
  std::string label;                  // at most kMaxLabelLength bytes
  bool force = false;                 // replace a store that is there
  std::optional<SpaceLimits> limits;  // tests; else as the host's size asks for
};

// Makes a store: creates the directory, or uses an empty one (a lost+found does not count).
//
// A store that is there, also one of an unknown format or one that mkfs did not finish, is replaced
// only by force. A directory with anything else in it is never touched, force or not: whoever means
// it can empty it. FORMAT says "unfinished" from the first change until everything is durable.
//
// EEXIST: a store is there. ENOTEMPTY: something else is. EBUSY: the store is open. EINVAL: size or
// label. ENOSPC, and what the host's file system answers. Returns what it wrote.
Result<Superblock> Format(const std::filesystem::path& path, const FormatOptions& options);

// "64G": a number and K, M, G or T, powers of 1024, or bytes without a letter. EINVAL.
Result<uint64_t> ParseSize(std::string_view text);
// The other way round, for people: "64 GiB".
std::string SizeText(uint64_t bytes);

}  // namespace faultline::store
