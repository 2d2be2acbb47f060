// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/contested_blocks.h"

#include <algorithm>
#include <vector>

#include "base/crc32c.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

struct Claim {
  BlockPlace place;
  bool written;
  uint32_t crc;
};
using Claims = std::map<BlockAddress, std::vector<Claim>>;

void ClaimBlocksOf(const Run& run, const BlockPlace& first, const ExtentChunk& chunk,
                   const std::set<BlockAddress>& contested, Claims& claims) {
  const bool written = run.address.space != Space::kUnwritten;
  BlockAddress begin = run.address;
  if (!written) begin.space = Space::kVolume;
  const BlockAddress end = begin + run.count;
  for (auto at = contested.lower_bound(begin); at != contested.end() && *at < end; ++at) {
    const auto block = static_cast<uint32_t>(run.first + (at->block - begin.block));
    claims[*at].push_back({{first.ino, first.chunk, block}, written, chunk.Crc(block)});
  }
}

Result<Claims> FindClaims(Context& context, const std::set<BlockAddress>& contested) {
  Claims claims;
  const auto visit = [&](std::string_view key, std::string_view value) -> Result<> {
    const auto place = keys::ParseChunk(key);
    FL_ASSIGN_OR_RETURN(ChunkPtr chunk, ExtentChunk::Decode(key, value));
    for (const Run& run : chunk->Runs())
      ClaimBlocksOf(run, {place->ino, place->index, 0}, *chunk, contested, claims);
    return {};
  };
  FL_TRY(context.edits.Scan(Family::kExtents, visit));
  return claims;
}

Result<> Unmap(Context& context, const BlockPlace& place) {
  return context.ChangeChunk(place.ino, place.chunk,
                             [&](ChunkEdit& edit) { edit.Unmap(place.block, 1); });
}

Result<> GiveCopy(Context& context, const Claim& claim,
                  std::span<const std::byte, kBlockSize> content) {
  const BlockAddress copy = context.NewSmall(content);
  return context.ChangeChunk(claim.place.ino, claim.place.chunk, [&](ChunkEdit& edit) {
    edit.Map(claim.place.block, 1, copy, std::span(&claim.crc, 1), context.state.last_txg);
  });
}

// The one that keeps the block: whose checksum it has, else who has written it, else any.
size_t Owner(const std::vector<Claim>& claims, uint32_t crc) {
  const auto best = std::ranges::max_element(
      claims, {}, [crc](const Claim& claim) { return claim.written ? 1 + (claim.crc == crc) : 0; });
  return static_cast<size_t>(best - claims.begin());
}

Result<> Evict(Context& context, BlockAddress address, const Claim& claim, const Claim& owner,
               uint32_t crc, std::span<const std::byte, kBlockSize> content) {
  const bool copy = claim.written && claim.crc == crc;
  const char* repair = copy            ? "gets a copy of its own"
                       : claim.written ? "unmapped, its content is lost: the block is not its own"
                                       : "unmapped, it reads as zeros as before";
  context.Found({.code = "block-shared",
                 .subject = PlaceText(claim.place),
                 .message = fmt::format("{} also belongs to {}", AddressText(address),
                                        PlaceText(owner.place)),
                 .repair = repair});
  return copy ? GiveCopy(context, claim, content) : Unmap(context, claim.place);
}

Result<> DropMissing(Context& context, BlockAddress address, const Claim& claim) {
  context.Found({.code = "small-missing",
                 .subject = PlaceText(claim.place),
                 .message = fmt::format("{} does not exist", AddressText(address)),
                 .repair = "unmapped, its content is lost"});
  return Unmap(context, claim.place);
}

Result<> Resolve(Context& context, BlockAddress address, const std::vector<Claim>& claims) {
  BlockBuffer buffer(1);
  const auto content = buffer.Bytes().first<kBlockSize>();
  FL_ASSIGN_OR_RETURN(const bool exists, context.ReadBlock(address, content));
  const uint32_t crc = Crc32c(content);
  const size_t owner = Owner(claims, crc);
  for (size_t i = 0; i < claims.size(); ++i) {
    if (!exists) {
      FL_TRY(DropMissing(context, address, claims[i]));
    } else if (i != owner) {
      FL_TRY(Evict(context, address, claims[i], claims[owner], crc, content));
    }
  }
  return {};
}

}  // namespace

Result<> ResolveContestedBlocks(Context& context, const std::set<BlockAddress>& contested) {
  if (contested.empty()) return {};
  FL_ASSIGN_OR_RETURN(const Claims claims, FindClaims(context, contested));
  for (const auto& [address, of_block] : claims) FL_TRY(Resolve(context, address, of_block));
  return {};
}

}  // namespace faultline::store::fsck
