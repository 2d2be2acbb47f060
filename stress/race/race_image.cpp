// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/race_image.h"

#include <algorithm>
#include <cstring>

namespace faultline::stress {
namespace {

bool IsSlotByte(uint64_t offset) {
  uint64_t in_page = offset % kPageSize;
  return std::any_of(kSlotCells.begin(), kSlotCells.end(),
                     [&](uint64_t cell) { return in_page == cell + offsetof(Cell, filler); });
}

std::optional<Difference> CompareCell(std::span<const std::byte> seen, const RaceImage& expected,
                                      ByteRange range) {
  Difference found{0, 0};
  for (uint64_t i = range.begin; i < range.end; ++i) {
    if (seen[i] == expected[i] || IsSlotByte(i)) continue;
    if (found.bytes++ == 0) found.offset = i;
  }
  if (found.bytes == 0) return std::nullopt;
  return found;
}

}  // namespace

void FillPage(std::span<std::byte> image, uint64_t page, uint64_t run, uint64_t file,
              uint32_t epoch, uint32_t writer) {
  for (uint64_t cell = 0; cell < kCellsPerPage; ++cell) {
    uint64_t offset = page * kPageSize + cell * kCellSize;
    Cell content = MakeCell({run, file, offset, writer, epoch, epoch});
    std::memcpy(image.data() + offset, &content, sizeof(content));
  }
}

RaceImage CellImage(uint64_t run, uint64_t file, uint32_t epoch, uint32_t writer) {
  RaceImage image(kRaceSize);
  for (uint64_t page = 0; page < kRacePages; ++page)
    FillPage(image, page, run, file, epoch, writer);
  return image;
}

RaceImage Replaced(const RaceImage& old_image, ByteRange range,
                   std::span<const std::byte> replacement) {
  RaceImage image = old_image;
  if (replacement.empty())
    std::memset(image.data() + range.begin, 0, range.Size());
  else
    std::memcpy(image.data() + range.begin, replacement.data() + range.begin, range.Size());
  return image;
}

std::vector<Difference> Compare(std::span<const std::byte> seen, const RaceImage& expected,
                                ByteRange range, uint32_t skip_pages) {
  std::vector<Difference> wrong;
  for (uint64_t begin = range.begin; begin < range.end;) {
    uint64_t end = std::min(range.end, begin / kCellSize * kCellSize + kCellSize);
    bool skipped = (skip_pages >> (begin / kPageSize) & 1) != 0;
    if (!skipped && std::memcmp(seen.data() + begin, expected.data() + begin, end - begin) != 0)
      if (auto found = CompareCell(seen, expected, {begin, end})) wrong.push_back(*found);
    begin = end;
  }
  return wrong;
}

}  // namespace faultline::stress
