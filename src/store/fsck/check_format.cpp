// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/context.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

Result<bool> CheckSuperblock(Context& context) {
  FL_ASSIGN_OR_RETURN(auto record, context.edits.Get(Family::kDefault, keys::kSuperblock));
  Result<Superblock> super =
      record ? DecodeSuperblock(*record) : Fail(EUCLEAN, "there is no superblock record");
  if (super) {
    context.super = *super;
    return true;
  }
  context.Found(
      {.code = "superblock-damaged", .subject = "superblock", .message = super.error().message()});
  return false;
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
  FL_ASSIGN_OR_RETURN(bool known, CheckSuperblock(context));
  if (!known) return false;
  FL_TRY(CheckState(context));
  FL_TRY(context.edits.Scan(Family::kDefault, [&](std::string_view key, std::string_view value) {
    return CheckKey(context, key, value);
  }));
  return true;
}

}  // namespace faultline::store::fsck
