// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "fuse/operations.h"

namespace faultline::fuse {
namespace {

// A reference that the kernel never heard of would be kept for ever.
template <class Result>
void ReplyEntry(Call& call, const Result& entry) {
  if (!entry) return call.Reply().Fail(entry.error());
  call.Reply().Entry(*entry);
}

void Lookup(Call& call, fuse_ino_t parent, const char* name) {
  Result<fs::Attributes> entry = call.Filesystem().Lookup(InodeId{parent}, name);
  // The kernel remembers that there is no such name, as long as nobody makes it.
  if (!entry && entry.error().code() == ENOENT) return call.Reply().NoEntry();
  ReplyEntry(call, entry);
}

void Forget(Call& call, fuse_ino_t ino, uint64_t count) {
  call.Filesystem().Forget(InodeId{ino}, count);
  call.Reply().None();
}

void ForgetMulti(Call& call, size_t count, fuse_forget_data* forgets) {
  for (size_t i = 0; i < count; ++i)
    call.Filesystem().Forget(InodeId{forgets[i].ino}, forgets[i].nlookup);
  call.Reply().None();
}

void Mkdir(Call& call, fuse_ino_t parent, const char* name, mode_t mode) {
  ReplyEntry(call, call.Filesystem().Mkdir(call.Request(), InodeId{parent}, name, mode));
}

void Mknod(Call& call, fuse_ino_t parent, const char* name, mode_t mode, dev_t) {
  if (!S_ISREG(mode)) return call.Reply().Fail(Error(EOPNOTSUPP));
  ReplyEntry(call, call.Filesystem().Create(call.Request(), InodeId{parent}, name, mode));
}

void Create(Call& call, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* file) {
  fs::Filesystem& filesystem = call.Filesystem();
  Result<fs::Attributes> entry = filesystem.Create(call.Request(), InodeId{parent}, name, mode);
  if (!entry) return call.Reply().Fail(entry.error());
  const InodeId ino = entry->ino;
  if (Result<> opened = filesystem.OpenFile(ino, file->flags); !opened) {
    filesystem.Forget(ino, 1);
    return call.Reply().Fail(opened.error());
  }
  file->keep_cache = 1;
  if (!call.Reply().Created(*entry, *file)) filesystem.ReleaseFile(ino, file->flags);
}

void Unlink(Call& call, fuse_ino_t parent, const char* name) {
  call.Reply().Finish(call.Filesystem().Unlink(InodeId{parent}, name));
}

void Rmdir(Call& call, fuse_ino_t parent, const char* name) {
  call.Reply().Finish(call.Filesystem().Rmdir(InodeId{parent}, name));
}

void Rename(Call& call, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
            const char* new_name, unsigned flags) {
  call.Reply().Finish(
      call.Filesystem().Rename(InodeId{parent}, name, InodeId{new_parent}, new_name, flags));
}

}  // namespace

void AddNamespaceOperations(fuse_lowlevel_ops& ops) {
  ops.lookup = kEntry<Lookup>;
  ops.forget = kEntry<Forget>;
  ops.forget_multi = kEntry<ForgetMulti>;
  ops.mkdir = kEntry<Mkdir>;
  ops.mknod = kEntry<Mknod>;
  ops.create = kEntry<Create>;
  ops.unlink = kEntry<Unlink>;
  ops.rmdir = kEntry<Rmdir>;
  ops.rename = kEntry<Rename>;
}

}  // namespace faultline::fuse
