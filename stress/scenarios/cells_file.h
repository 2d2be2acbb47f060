// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cells/cell.h"
#include "history/operation.h"
#include "io/mapping.h"

namespace faultline::stress {

/// One file of the cells scenario, opened and mapped in every way. Replaced and remapped only while
/// no worker runs; immutable for them.
class CellsFile {
 public:
  static Result<CellsFile> Create(const std::string& path, uint64_t id, uint32_t cells);

  uint64_t id() const { return id_; }
  uint32_t cells() const { return cells_; }
  uint64_t size() const { return cells_ * kCellSize; }
  const std::string& path() const { return path_; }
  int fd() const { return fd_.get(); }
  /// -1 where O_DIRECT cannot be had.
  int direct_fd() const { return direct_.get(); }
  const Mapping& shared() const { return *shared_; }
  const Mapping& private_copy() const { return *private_; }

  /// Unlinks the file and makes a new one of the same name and size.
  Result<> Recreate();

 private:
  CellsFile(std::string path, uint64_t id, uint32_t cells)
      : path_(std::move(path)), id_(id), cells_(cells) {}
  Result<> Open(int extra_flags);

  std::string path_;
  uint64_t id_;
  uint32_t cells_;
  UniqueFd fd_;
  UniqueFd direct_;
  std::optional<Mapping> shared_;
  std::optional<Mapping> private_;
};

}  // namespace faultline::stress
