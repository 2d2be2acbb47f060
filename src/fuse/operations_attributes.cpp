// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/stat.h>

#include "fuse/operations.h"

namespace faultline::fuse {
namespace {

void ReplyAttributes(Call& call, const Result<fs::Attributes>& attributes) {
  if (!attributes) return call.Reply().Fail(attributes.error());
  call.Reply().Attributes(*attributes);
}

fs::Timestamp ToTimestamp(uint64_t seconds, uint32_t nanoseconds) {
  return {static_cast<int64_t>(seconds), nanoseconds};
}

// From the raw message: libfuse drops FATTR_KILL_SUIDGID.
fs::AttributeChange ToChange(const fuse_setattr_in& in) {
  fs::AttributeChange change;
  if (in.valid & FATTR_MODE) change.mode = in.mode & 07777;
  if (in.valid & FATTR_UID) change.uid = in.uid;
  if (in.valid & FATTR_GID) change.gid = in.gid;
  if (in.valid & FATTR_SIZE) change.size = in.size;
  change.atime_now = (in.valid & FATTR_ATIME_NOW) != 0;
  change.mtime_now = (in.valid & FATTR_MTIME_NOW) != 0;
  if ((in.valid & FATTR_ATIME) && !change.atime_now)
    change.atime = ToTimestamp(in.atime, in.atimensec);
  if ((in.valid & FATTR_MTIME) && !change.mtime_now)
    change.mtime = ToTimestamp(in.mtime, in.mtimensec);
  if (in.valid & FATTR_CTIME) change.ctime = ToTimestamp(in.ctime, in.ctimensec);
  change.kill_suid_sgid = (in.valid & FATTR_KILL_SUIDGID) != 0;
  return change;
}

void Getattr(Call& call, fuse_ino_t ino, fuse_file_info*) {
  ReplyAttributes(call, call.Filesystem().GetAttributes(InodeId{ino}));
}

void Setattr(Call& call, fuse_ino_t ino, struct stat*, int, fuse_file_info*) {
  ReplyAttributes(
      call, call.Filesystem().SetAttributes(call.Request(), InodeId{ino},
                                            ToChange(call.Message().Body<fuse_setattr_in>())));
}

void Statfs(Call& call, fuse_ino_t) { call.Reply().Usage(call.Filesystem().Usage()); }

}  // namespace

void AddAttributeOperations(fuse_lowlevel_ops& ops) {
  ops.getattr = kEntry<Getattr>;
  ops.setattr = kEntry<Setattr>;
  ops.statfs = kEntry<Statfs>;
}

}  // namespace faultline::fuse
