// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>

#include "fuse/control.h"
#include "fuse/operations.h"

namespace faultline::fuse {
namespace {

void Ioctl(Call& call, fuse_ino_t ino, unsigned command, void*, fuse_file_info*, unsigned,
           const void* input, size_t input_size, size_t output_size) {
  const std::span bytes(static_cast<const std::byte*>(input), input_size);
  Result<std::vector<std::byte>> answer = call.Server().control.Handle(command, bytes);
  if (!answer) return call.Reply().Fail(answer.error());
  if (InodeId{ino} != kRootInode || answer->size() > output_size)
    return call.Reply().Fail(Error(EINVAL));
  call.Reply().Ioctl(*answer);
}

}  // namespace

void AddControlOperations(fuse_lowlevel_ops& ops) { ops.ioctl = kEntry<Ioctl>; }

}  // namespace faultline::fuse
