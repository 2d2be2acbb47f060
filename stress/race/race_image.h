// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/types.h"
#include "cells/cell.h"
#include "race/race_layout.h"

namespace faultline::stress {

/// Content of the race file as it shall be.
using RaceImage = std::vector<std::byte>;

/// Cells of `file` in `epoch`, all by `writer`.
RaceImage CellImage(uint64_t run, uint64_t file, uint32_t epoch, uint32_t writer);

/// Fills one page with cells.
void FillPage(std::span<std::byte> image, uint64_t page, uint64_t run, uint64_t file,
              uint32_t epoch, uint32_t writer);

/// `old_image` with `range` taken from `replacement` (all zeros when that is empty).
RaceImage Replaced(const RaceImage& old_image, ByteRange range,
                   std::span<const std::byte> replacement);

struct Difference {
  uint64_t offset;  // of the first wrong byte
  uint64_t bytes;   // wrong bytes in this cell
};

/// The first wrong byte of each wrong cell in `range`; slot bytes and the pages in `skip_pages`
/// (a bit each) are not looked at.
std::vector<Difference> Compare(std::span<const std::byte> seen, const RaceImage& expected,
                                ByteRange range, uint32_t skip_pages = 0);

}  // namespace faultline::stress
