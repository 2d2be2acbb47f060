// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

// The files of a store, and the line of text by which a directory is known to be one.
namespace faultline::store {

struct Layout {
  std::filesystem::path root;

  std::filesystem::path Format() const { return root / "FORMAT"; }
  std::filesystem::path Lock() const { return root / "lock"; }
  std::filesystem::path Meta() const { return root / "meta"; }
  std::filesystem::path Reserve() const { return root / "reserve"; }
  std::filesystem::path Volume() const { return root / "volume"; }
};

// "faultline store, format 1\n"
std::string FormatLine();
// What FORMAT says from the moment mkfs touches a directory until all the rest is durable, so that
// half a store is never taken for one, and is known to be ours to replace.
inline constexpr std::string_view kUnfinishedLine = "faultline store, unfinished\n";

// ENOENT: no such directory. ENOTDIR. EUCLEAN: not a store (the message says what is there
// instead, a store that mkfs did not finish among it). EPROTONOSUPPORT: another format version.
Result<> CheckFormat(const Layout& layout);

// Creates or replaces a small file so that after a crash it has all of `content` or is not there.
Result<> WriteFileDurably(const std::filesystem::path& path, std::string_view content);
// Makes creations, renames and removals in `directory` durable.
Result<> SyncDirectory(const std::filesystem::path& directory);

}  // namespace faultline::store
