// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/wire.h"

namespace faultline::fuse {

std::optional<Message> Message::Parse(std::span<const std::byte> bytes) {
  fuse_in_header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.len != bytes.size()) return std::nullopt;
  return Message(header, bytes.subspan(sizeof header));
}

bool Message::IsDirectRead() const {
  return Opcode() == FUSE_READ && (Body<fuse_read_in>().read_flags & FUSE_READ_LOCKOWNER) != 0;
}

bool Message::IsWriteback() const {
  return Opcode() == FUSE_WRITE && (Body<fuse_write_in>().write_flags & FUSE_WRITE_CACHE) != 0;
}

bool Message::IsDirectWrite() const {
  return Opcode() == FUSE_WRITE && !IsWriteback() &&
         (Body<fuse_write_in>().write_flags & FUSE_WRITE_LOCKOWNER) != 0;
}

bool Message::KillsSuidSgid() const {
  if (Opcode() == FUSE_WRITE)
    return (Body<fuse_write_in>().write_flags & FUSE_WRITE_KILL_SUIDGID) != 0;
  if (Opcode() == FUSE_SETATTR) return (Body<fuse_setattr_in>().valid & FATTR_KILL_SUIDGID) != 0;
  return false;
}

bool Message::ChangesSize() const {
  return Opcode() == FUSE_SETATTR && (Body<fuse_setattr_in>().valid & FATTR_SIZE) != 0;
}

const char* OpcodeName(uint32_t opcode) {
  switch (opcode) {
    case FUSE_LOOKUP: return "LOOKUP";
    case FUSE_FORGET: return "FORGET";
    case FUSE_GETATTR: return "GETATTR";
    case FUSE_SETATTR: return "SETATTR";
    case FUSE_READLINK: return "READLINK";
    case FUSE_SYMLINK: return "SYMLINK";
    case FUSE_MKNOD: return "MKNOD";
    case FUSE_MKDIR: return "MKDIR";
    case FUSE_UNLINK: return "UNLINK";
    case FUSE_RMDIR: return "RMDIR";
    case FUSE_RENAME: return "RENAME";
    case FUSE_LINK: return "LINK";
    case FUSE_OPEN: return "OPEN";
    case FUSE_READ: return "READ";
    case FUSE_WRITE: return "WRITE";
    case FUSE_STATFS: return "STATFS";
    case FUSE_RELEASE: return "RELEASE";
    case FUSE_FSYNC: return "FSYNC";
    case FUSE_SETXATTR: return "SETXATTR";
    case FUSE_GETXATTR: return "GETXATTR";
    case FUSE_LISTXATTR: return "LISTXATTR";
    case FUSE_REMOVEXATTR: return "REMOVEXATTR";
    case FUSE_FLUSH: return "FLUSH";
    case FUSE_INIT: return "INIT";
    case FUSE_OPENDIR: return "OPENDIR";
    case FUSE_READDIR: return "READDIR";
    case FUSE_RELEASEDIR: return "RELEASEDIR";
    case FUSE_FSYNCDIR: return "FSYNCDIR";
    case FUSE_ACCESS: return "ACCESS";
    case FUSE_CREATE: return "CREATE";
    case FUSE_INTERRUPT: return "INTERRUPT";
    case FUSE_DESTROY: return "DESTROY";
    case FUSE_IOCTL: return "IOCTL";
    case FUSE_POLL: return "POLL";
    case FUSE_BATCH_FORGET: return "BATCH_FORGET";
    case FUSE_FALLOCATE: return "FALLOCATE";
    case FUSE_READDIRPLUS: return "READDIRPLUS";
    case FUSE_RENAME2: return "RENAME2";
    case FUSE_LSEEK: return "LSEEK";
    case FUSE_COPY_FILE_RANGE: return "COPY_FILE_RANGE";
    default: return "opcode";
  }
}

}  // namespace faultline::fuse
