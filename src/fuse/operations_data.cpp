// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mutant.h"
#include "fuse/operations.h"
#include "fuse/waiting_calls.h"

namespace faultline::fuse {
namespace {

fs::ReadKind KindOfRead(const Message& message) {
  return message.IsDirectRead() ? fs::ReadKind::kDirect : fs::ReadKind::kPageCache;
}

fs::WriteKind KindOfWrite(const Message& message) {
  if (Mutated(Mutant::kWritebackAsBuffered)) return fs::WriteKind::kBuffered;
  if (message.IsDirectWrite() && Mutated(Mutant::kDirectAsBuffered))
    return fs::WriteKind::kBuffered;
  if (message.IsWriteback()) return fs::WriteKind::kWriteback;
  return message.IsDirectWrite() ? fs::WriteKind::kDirect : fs::WriteKind::kBuffered;
}

void Open(Call& call, fuse_ino_t ino, fuse_file_info* file) {
  if (Result<> opened = call.Filesystem().OpenFile(InodeId{ino}, file->flags); !opened)
    return call.Reply().Fail(opened.error());
  // Without it open(2) drops the page cache under live mappings.
  file->keep_cache = 1;
  if (!call.Reply().Opened(*file)) call.Filesystem().ReleaseFile(InodeId{ino}, file->flags);
}

void Release(Call& call, fuse_ino_t ino, fuse_file_info* file) {
  call.Filesystem().ReleaseFile(InodeId{ino}, file->flags);
  call.Reply().Ok();
}

// The reply's read section ends when it goes out of scope: after the kernel has the bytes.
void Read(Call& call, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info*) {
  const auto range = ByteRange::OfSize(static_cast<uint64_t>(offset), size);
  Result<fs::ReadReply> read =
      call.Filesystem().Read(InodeId{ino}, range, KindOfRead(call.Message()));
  if (!read) return call.Reply().Fail(read.error());
  call.Reply().Bytes(read->Bytes());
}

void Write(Call& call, fuse_ino_t ino, const char* data, size_t size, off_t offset,
           fuse_file_info*) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  call.Filesystem().Write(call.Request(), InodeId{ino}, KindOfWrite(call.Message()),
                          static_cast<uint64_t>(offset), bytes, call.Message().KillsSuidSgid(),
                          [call = CallScope::Share()](Result<size_t> written) {
                            call->Reply().FinishWritten(written);
                          });
}

void Fsync(Call& call, fuse_ino_t ino, int data_only, fuse_file_info*) {
  CallPtr shared = CallScope::Share();
  if (!call.Server().waiting.Add(shared)) return;
  call.Filesystem().Fsync(InodeId{ino}, data_only != 0, [call = std::move(shared)](Result<> done) {
    call->Server().waiting.Remove(*call);
    call->Reply().Finish(done);
  });
}

void Fallocate(Call& call, fuse_ino_t ino, int mode, off_t offset, off_t size, fuse_file_info*) {
  const auto range = ByteRange::OfSize(static_cast<uint64_t>(offset), static_cast<uint64_t>(size));
  call.Filesystem().Fallocate(
      call.Request(), InodeId{ino}, mode, range,
      [call = CallScope::Share()](Result<> done) { call->Reply().Finish(done); });
}

void CopyFileRange(Call& call, fuse_ino_t in, off_t in_offset, fuse_file_info*, fuse_ino_t out,
                   off_t out_offset, fuse_file_info*, size_t size, int) {
  call.Filesystem().CopyFileRange(
      call.Request(), InodeId{in}, static_cast<uint64_t>(in_offset), InodeId{out},
      static_cast<uint64_t>(out_offset), size,
      [call = CallScope::Share()](Result<size_t> copied) { call->Reply().FinishWritten(copied); });
}

void Lseek(Call& call, fuse_ino_t ino, off_t offset, int whence, fuse_file_info*) {
  Result<uint64_t> position =
      call.Filesystem().Seek(InodeId{ino}, static_cast<uint64_t>(offset), whence);
  if (!position) return call.Reply().Fail(position.error());
  call.Reply().Position(*position);
}

}  // namespace

void AddDataOperations(fuse_lowlevel_ops& ops) {
  ops.open = kEntry<Open>;
  ops.release = kEntry<Release>;
  ops.read = kEntry<Read>;
  ops.write = kEntry<Write>;
  // No flush: the kernel writes dirty pages itself before it would ask on close(2). libfuse answers
  // ENOSYS, and the kernel does not ask again: one round trip less for each close.
  ops.fsync = kEntry<Fsync>;
  ops.fallocate = kEntry<Fallocate>;
  ops.copy_file_range = kEntry<CopyFileRange>;
  ops.lseek = kEntry<Lseek>;
}

}  // namespace faultline::fuse
