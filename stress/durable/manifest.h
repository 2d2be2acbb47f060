// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/operation.h"
#include "run/settings.h"

namespace faultline::stress {

/// A file left behind by --keep and what each of its cells holds.
struct KeptFile {
  std::string name;
  uint64_t id = 0;
  uint32_t epoch = 0;
  std::vector<CellValue> cells;
};

/// What --keep promises and --verify asks for: everything in it was synced.
struct Manifest {
  uint64_t run = 0;
  uint64_t seed = 0;
  std::vector<KeptFile> files;
};

/// The directory, below the one under test, that --keep leaves.
std::string KeptDirectory(const Settings& settings);
/// --manifest, or a file in the kept directory.
std::string ManifestPath(const Settings& settings);

/// JSON with a checksum; synced, with its directory.
Result<> SaveManifest(const Manifest& manifest, const std::string& path);
/// EIO when it is not what was saved.
Result<Manifest> LoadManifest(const std::string& path);

/// Writes a whole small file durably.
Result<> SaveDurably(const std::string& text, const std::string& path);

}  // namespace faultline::stress
