// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <vector>

#include "base/crc32c.h"
#include "store/fsck/contested_blocks.h"
#include "store/fsck/context.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

constexpr uint64_t kMaxChunks = (kEndOfFile + 1) / kChunkSize;

// Walks all extents and all small values, and gathers the blocks that have more than one owner or
// no content. A bit for a block of the volume, a number for a small one: who the owners are is
// looked up afterwards, for those blocks alone.
class BlockCheck {
 public:
  explicit BlockCheck(Context& context)
      : context_(context),
        used_(std::min(context.store.VolumeBlocks(), context.super.volume_blocks)) {}

  Result<> CheckAll() {
    context_.EnterPass("extents");
    FL_TRY(context_.edits.Scan(Family::kExtents,
                               [this](auto key, auto value) { return Record(key, value); }));
    context_.EnterPass("small");
    FL_TRY(CheckSmall());
    return ResolveContestedBlocks(context_, contested_);
  }

 private:
  Result<> Record(std::string_view key, std::string_view value);
  Result<> CheckOwner(InodeId ino, uint64_t index, const ExtentChunk& chunk);
  Result<> CheckRun(InodeId ino, uint64_t index, const Run& run);
  void Use(const Run& run, uint32_t count);
  Result<> CheckSmall();
  Result<> SmallValue(std::string_view key, std::string_view value);
  Result<> SmallWithoutOwner(uint64_t address, std::string_view value);
  void MissingBelow(uint64_t address);

  Context& context_;
  std::vector<bool> used_;       // blocks of the volume
  std::vector<uint64_t> small_;  // named by extents; sorted once all are known
  size_t next_small_ = 0;        // the first of them without a value so far
  std::set<BlockAddress> contested_;
};

Result<> BlockCheck::Record(std::string_view key, std::string_view value) {
  context_.Tick();
  const auto parsed = keys::ParseChunk(key);
  const bool possible = parsed && parsed->ino != kNoInode && parsed->index < kMaxChunks;
  if (!possible) {
    context_.Found({.code = "extent-key",
                    .subject = "extent key " + HexText(key),
                    .message = "is no place in any file",
                    .repair = "removed"});
    context_.edits.Delete(Family::kExtents, key);
    context_.lost_extents = true;
    return {};
  }
  Result<ChunkPtr> chunk = ExtentChunk::Decode(key, value);
  if (!chunk) {
    const BlockPlace place{parsed->ino, parsed->index, 0};
    context_.Found({.code = "extent-undecodable",
                    .subject = PlaceText(place),
                    .message = fmt::format("{}; where the {} bytes from there were is not known",
                                           chunk.error().message(), kChunkSize),
                    .repair = "removed, the range becomes a hole"});
    context_.edits.Delete(Family::kExtents, key);
    context_.lost_extents = true;
    return {};
  }
  FL_TRY(CheckOwner(parsed->ino, parsed->index, **chunk));
  for (const Run& run : (*chunk)->Runs()) FL_TRY(CheckRun(parsed->ino, parsed->index, run));
  return {};
}

Result<> BlockCheck::CheckOwner(InodeId ino, uint64_t index, const ExtentChunk& chunk) {
  InodeInfo* owner = context_.inodes.Find(ino);
  if (!owner) {
    MissingInode& missing = context_.missing[ino];
    missing.blocks += chunk.AllocatedBlocks();
    missing.end_block = index * kChunkBlocks + chunk.Runs().back().End();
    return {};
  }
  owner->found_blocks += chunk.AllocatedBlocks();
  if (owner->HasData() || !context_.misowned.insert(ino).second) return {};
  context_.Found(
      {.code = "extent-owner-type",
       .subject = InodeText(ino),
       .message = fmt::format("has data, but its mode {:o} is not of a file", owner->mode),
       .repair = "the data becomes a file in lost+found"});
  return {};
}

Result<> BlockCheck::CheckRun(InodeId ino, uint64_t index, const Run& run) {
  context_.greatest_birth = std::max(context_.greatest_birth, run.birth);
  const uint64_t begin = run.address.block;
  const bool small = run.address.space == Space::kSmall;
  const uint64_t end = small ? begin + run.count : used_.size();
  const uint64_t inside = begin < end ? std::min<uint64_t>(run.count, end - begin) : 0;
  Use(run, static_cast<uint32_t>(inside));
  if (inside == run.count) return {};
  const auto from = static_cast<uint32_t>(run.first + inside);
  const auto count = static_cast<uint32_t>(run.count - inside);
  context_.Found({.code = "extent-outside",
                  .subject = PlaceText({ino, index, from}),
                  .message = fmt::format("{} blocks from {} lie outside the volume of {} blocks",
                                         count, begin + inside, used_.size()),
                  .repair = "unmapped, they become a hole"});
  return context_.ChangeChunk(ino, index, [=](ChunkEdit& edit) { edit.Unmap(from, count); });
}

// Marks the first `count` blocks of the run.
void BlockCheck::Use(const Run& run, uint32_t count) {
  const uint64_t begin = run.address.block;
  if (run.address.space == Space::kSmall) {
    for (uint32_t i = 0; i < count; ++i) small_.push_back(begin + i);
    context_.greatest_small = std::max(context_.greatest_small, begin + count - 1);
    context_.report.small_blocks += count;
    return;
  }
  for (uint64_t block = begin; block < begin + count; ++block) {
    if (used_[block]) contested_.insert({Space::kVolume, block});
    used_[block] = true;
  }
  context_.report.volume_blocks += count;
}

Result<> BlockCheck::CheckSmall() {
  std::ranges::sort(small_);
  for (size_t i = 1; i < small_.size(); ++i)
    if (small_[i] == small_[i - 1]) contested_.insert({Space::kSmall, small_[i]});
  small_.erase(std::unique(small_.begin(), small_.end()), small_.end());
  FL_TRY(context_.edits.Scan(Family::kSmall,
                             [this](auto key, auto value) { return SmallValue(key, value); }));
  MissingBelow(~uint64_t{0});
  return {};
}

Result<> BlockCheck::SmallValue(std::string_view key, std::string_view value) {
  context_.Tick();
  const auto address = keys::ParseSmall(key);
  if (!address || *address == 0) {
    context_.Found({.code = "small-key",
                    .subject = "small key " + HexText(key),
                    .message = "is not the number of a small block",
                    .repair = "removed"});
    context_.edits.Delete(Family::kSmall, key);
    return {};
  }
  context_.greatest_small = std::max(context_.greatest_small, *address);
  MissingBelow(*address);
  const bool owned = next_small_ < small_.size() && small_[next_small_] == *address;
  if (value.size() > kBlockSize) {
    context_.Found({.code = "small-too-long",
                    .subject = AddressText({Space::kSmall, *address}),
                    .message = fmt::format("has {} bytes", value.size()),
                    .repair = "removed"});
    context_.edits.Delete(Family::kSmall, key);  // its owner, if any, finds it missing
    return {};
  }
  if (!owned) return SmallWithoutOwner(*address, value);
  ++next_small_;
  return {};
}

// Blocks below `address` that extents name and the scan did not meet.
void BlockCheck::MissingBelow(uint64_t address) {
  for (; next_small_ < small_.size() && small_[next_small_] < address; ++next_small_)
    contested_.insert({Space::kSmall, small_[next_small_]});
}

// A leftover, unless it may have belonged to an extent record that is gone.
Result<> BlockCheck::SmallWithoutOwner(uint64_t address, std::string_view value) {
  const bool keep = context_.lost_extents;
  context_.Found({.code = "small-unowned",
                  .subject = AddressText({Space::kSmall, address}),
                  .message = "no extent names it",
                  .repair = keep ? "becomes a file in lost+found" : "removed",
                  .harmless = !keep});
  if (!keep) {
    context_.edits.Delete(Family::kSmall, keys::Small(address));
    return {};
  }
  BlockBuffer content(1);
  FL_TRY(DecodeSmall(value, content.Bytes().first<kBlockSize>()));
  context_.Rescue(fmt::format("small-{}", address), value.size(), 0, 0, {Space::kSmall, address},
                  Crc32c(content.Bytes()));
  return {};
}

}  // namespace

Result<> CheckBlocks(Context& context) { return BlockCheck(context).CheckAll(); }

}  // namespace faultline::store::fsck
