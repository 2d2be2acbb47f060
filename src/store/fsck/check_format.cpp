// SPDX-License-Identifier: GPL-2.0-or-later
#include <random>

#include "store/fsck/context.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

uint64_t RandomNumber() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// What never changes is in two places, but for the label and the seed of the names.
void RemakeSuperblock(Context& context, const VolumeHeader& header) {
  context.super = Superblock();
  context.super.uuid = header.uuid;
  context.super.volume_blocks = header.blocks;
  context.super.name_hash_seed = RandomNumber();
  context.new_hashes = true;
  context.edits.Put(Family::kDefault, keys::kSuperblock, EncodeSuperblock(context.super));
}

// False: it is not known what store this is.
bool CheckSuperblock(Context& context, const std::optional<std::string>& record,
                     const std::optional<VolumeHeader>& header) {
  Result<Superblock> super =
      record ? DecodeSuperblock(*record) : Fail(EUCLEAN, "there is no superblock record");
  if (super) {
    context.super = *super;
    return true;
  }
  Problem problem{
      .code = "superblock-damaged", .subject = "superblock", .message = super.error().message()};
  if (header) {
    problem.repair = "made again from the header of the volume, without label and creation time";
    RemakeSuperblock(context, *header);
  }
  context.Found(std::move(problem));
  return header.has_value();
}

// False: the blocks that extents name are somewhere else.
bool CheckHeader(Context& context, const std::optional<VolumeHeader>& header) {
  const VolumeHeader expected{context.super.uuid, context.super.volume_blocks};
  if (header == expected) return true;
  if (header && header->uuid != expected.uuid) {
    context.Found({.code = "volume-foreign",
                   .subject = "volume",
                   .message = "its header names another store; put the right file back"});
    return false;
  }
  context.Found({.code = "volume-header",
                 .subject = "volume",
                 .message = header ? fmt::format("the header says {} blocks, the superblock {}",
                                                 header->blocks, expected.blocks)
                                   : "block 0 is not a valid header",
                 .repair = "written again"});
  context.edits.PutHeader(expected);
  return true;
}

// The counters in it are checked against everything else in the last pass.
Result<> CheckState(Context& context) {
  FL_ASSIGN_OR_RETURN(auto record, context.edits.Get(Family::kDefault, keys::kState));
  Result<StoreState> state =
      record ? DecodeState(*record) : Fail(EUCLEAN, "there is no state record");
  if (state) {
    context.state = *state;
    return {};
  }
  context.Found({.code = "state-damaged",
                 .subject = "state",
                 .message = state.error().message(),
                 .repair = "made again from what the records use"});
  context.edits.Put(Family::kDefault, keys::kState, EncodeState(context.state));
  return {};
}

// A record in the family of the superblock.
Result<> CheckKey(Context& context, std::string_view key, std::string_view value) {
  context.Tick();
  if (key == keys::kSuperblock || key == keys::kState) return {};
  const auto ino = keys::ParseOrphan(key);
  if (!ino) {
    context.Found({.code = "record-unknown",
                   .subject = "key " + HexText(key),
                   .message = fmt::format("belongs to no known kind, {} bytes", value.size()),
                   .repair = "removed"});
    context.edits.Delete(Family::kDefault, key);
    return {};
  }
  if (Result<InodeId> orphan = DecodeOrphan(key, value); !orphan) {
    context.Found({.code = "orphan-undecodable",
                   .subject = "orphan entry of " + InodeText(*ino),
                   .message = orphan.error().message(),
                   .repair = "written again"});
    context.edits.Put(Family::kDefault, key, EncodeOrphan(key));
  }
  return {};
}

}  // namespace

Result<bool> CheckFormat(Context& context) {
  context.EnterPass("format");
  FL_ASSIGN_OR_RETURN(const auto record, context.edits.Get(Family::kDefault, keys::kSuperblock));
  FL_ASSIGN_OR_RETURN(const auto header, context.store.ReadHeader());
  if (!CheckSuperblock(context, record, header) || !CheckHeader(context, header)) return false;
  FL_TRY(CheckState(context));
  FL_TRY(context.edits.Scan(Family::kDefault, [&](std::string_view key, std::string_view value) {
    return CheckKey(context, key, value);
  }));
  return true;
}

}  // namespace faultline::store::fsck
