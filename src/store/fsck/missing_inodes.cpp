// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>

#include "store/fsck/context.h"
#include "store/fsck/new_inode.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

// What can be made again without its record: a device has lost its number.
bool CanBeMade(uint8_t type) {
  return type == DT_REG || type == DT_DIR || type == DT_FIFO || type == DT_SOCK;
}

// DT_UNKNOWN: nothing is left to make it of.
uint8_t TypeOf(const MissingInode& missing) {
  if (missing.has_entries) return DT_DIR;
  if (missing.blocks > 0) return DT_REG;
  const bool existed = !missing.damage.empty();
  if (existed && !missing.names.empty() && CanBeMade(missing.names[0].type))
    return missing.names[0].type;
  return DT_UNKNOWN;
}

InodeRecord Remade(InodeId ino, const MissingInode& missing, uint8_t type) {
  InodeRecord inode = NewInode(ino, DTTOIF(type) | (type == DT_DIR ? 0700 : 0600));
  if (type == DT_REG) inode.size = missing.end_block * kBlockSize;
  if (type == DT_DIR && !missing.names.empty())
    inode.parent = keys::ParseDirent(missing.names[0].key)->parent;
  return inode;
}

Result<> MakeAgain(Context& context, InodeId ino, const MissingInode& missing, uint8_t type) {
  FL_ASSIGN_OR_RETURN(const auto orphan, context.edits.Get(Family::kDefault, keys::Orphan(ino)));
  const char* what = type == DT_DIR ? "directory" : type == DT_REG ? "file" : "special file";
  context.Found({.code = "inode-missing",
                 .subject = InodeText(ino),
                 .message = missing.damage.empty() ? "other records name it, but it has no record"
                                                   : missing.damage,
                 .repair = fmt::format("made again as a {} of root, from what names it", what)});
  const InodeRecord record = Remade(ino, missing, type);
  context.edits.PutInode(record);
  InodeInfo& inode = context.inodes.Add(InodeInfo(record));
  inode.found_blocks = missing.blocks;
  inode.made = true;
  inode.orphan = orphan.has_value();
  if (type == DT_DIR && missing.blocks > 0) context.misowned.insert(ino);
  for (const auto& name : missing.names)
    if (name.type != type) context.edits.PutDirent(name.key, ino, type);
  return {};
}

void DropNames(Context& context, InodeId ino, const MissingInode& missing) {
  for (const auto& name : missing.names) {
    const auto place = keys::ParseDirent(name.key);
    context.Found({.code = "dirent-dangling",
                   .subject = EntryText(place->parent, place->name),
                   .message = fmt::format("names {}, which does not exist", InodeText(ino)),
                   .repair = "removed"});
    context.edits.Delete(Family::kDirents, name.key);
  }
}

// Its entry on the orphan list goes with it.
void DropRecord(Context& context, InodeId ino, const MissingInode& missing) {
  if (missing.damage.empty()) return;
  context.Found({.code = "inode-undecodable",
                 .subject = InodeText(ino),
                 .message = missing.damage,
                 .repair = "removed: it has neither data nor entries"});
  context.edits.Delete(Family::kInodes, keys::Inode(ino));
  context.edits.Delete(Family::kDefault, keys::Orphan(ino));
}

}  // namespace

Result<> ResolveMissingInodes(Context& context) {
  for (const auto& [ino, missing] : context.missing) {
    const uint8_t type = TypeOf(missing);
    if (type != DT_UNKNOWN) {
      FL_TRY(MakeAgain(context, ino, missing, type));
    } else {
      DropNames(context, ino, missing);
      DropRecord(context, ino, missing);
    }
  }
  return {};
}

}  // namespace faultline::store::fsck
