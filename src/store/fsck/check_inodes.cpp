// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/context.h"
#include "store/fsck/new_inode.h"
#include "store/keys.h"

namespace faultline::store::fsck {

namespace {

Result<> CheckInode(Context& context, std::string_view key, std::string_view value) {
  context.Tick();
  const auto ino = keys::ParseInode(key);
  if (!ino) {
    context.Found({.code = "inode-key",
                   .subject = "inode key " + HexText(key),
                   .message = "is not the number of an inode",
                   .repair = "removed"});
    context.edits.Delete(Family::kInodes, key);
    return {};
  }
  Result<InodeRecord> inode = DecodeInode(key, value);
  // What to do depends on what the other records say about it.
  if (!inode) {
    context.missing[*ino].damage = inode.error().message();
    return {};
  }
  context.inodes.Add(InodeInfo(*inode));
  return {};
}

Result<> MarkOrphans(Context& context) {
  return context.edits.Scan(Family::kDefault, [&](std::string_view key, std::string_view) {
    const auto ino = keys::ParseOrphan(key);
    InodeInfo* inode = ino ? context.inodes.Find(*ino) : nullptr;
    if (inode) {
      inode->orphan = true;
    } else if (ino && !context.missing.contains(*ino)) {
      context.Found({.code = "orphan-missing",
                     .subject = "orphan entry of " + InodeText(*ino),
                     .message = "there is no such inode",
                     .repair = "removed",
                     .harmless = true});
      context.edits.Delete(Family::kDefault, key);
    }
    return Result<>{};
  });
}

// Everything that is reconnected needs a root to hang from.
Result<> CheckRoot(Context& context) {
  InodeInfo* root = context.inodes.Find(kRootInode);
  if (!root) {
    const auto missing = context.missing.find(kRootInode);
    const bool damaged = missing != context.missing.end();
    context.Found({.code = "root-missing",
                   .subject = InodeText(kRootInode),
                   .message = damaged ? missing->second.damage : "the root directory has no record",
                   .repair = "made again, with default permissions"});
    if (damaged) context.missing.erase(missing);
    InodeRecord record = NewInode(kRootInode, S_IFDIR | 0755);
    record.parent = kRootInode;
    context.edits.PutInode(record);
    context.inodes.Add(InodeInfo(record)).made = true;
    return {};
  }
  if (root->IsDirectory()) return {};
  context.Found({.code = "root-type",
                 .subject = InodeText(kRootInode),
                 .message = fmt::format("the root has mode {:o}, not of a directory", root->mode),
                 .repair = "made a directory"});
  root->mode = S_IFDIR | 0755;
  root->parent = kRootInode;
  root->made = true;
  return context.edits.ChangeInode(kRootInode, [](InodeRecord& record) {
    record.mode = S_IFDIR | 0755;
    record.parent = kRootInode;
    record.size = 0;
  });
}

}  // namespace

Result<> CheckInodes(Context& context) {
  context.EnterPass("inodes");
  FL_TRY(context.edits.Scan(Family::kInodes, [&](std::string_view key, std::string_view value) {
    return CheckInode(context, key, value);
  }));
  FL_TRY(CheckRoot(context));
  return MarkOrphans(context);
}

}  // namespace faultline::store::fsck
