// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/init_flags.h"

#include <fmt/format.h>

#include <array>

namespace faultline::fuse {
namespace {

// Newer than the headers of Debian 12.
constexpr uint64_t kDirectIoAllowMmap = uint64_t{1} << 36;

constexpr uint64_t kWanted = FUSE_PARALLEL_DIROPS | FUSE_HANDLE_KILLPRIV_V2 | kDirectIoAllowMmap;
// V2 replaces it; the file system would have to drop file capabilities as well.
constexpr uint64_t kUnwanted = FUSE_HANDLE_KILLPRIV | FUSE_ATOMIC_O_TRUNC | FUSE_AUTO_INVAL_DATA;
constexpr uint16_t kMaxPages = 256;

constexpr std::array<const char*, 42> kNames = {"ASYNC_READ",
                                                "POSIX_LOCKS",
                                                "FILE_OPS",
                                                "ATOMIC_O_TRUNC",
                                                "EXPORT_SUPPORT",
                                                "BIG_WRITES",
                                                "DONT_MASK",
                                                "SPLICE_WRITE",
                                                "SPLICE_MOVE",
                                                "SPLICE_READ",
                                                "FLOCK_LOCKS",
                                                "HAS_IOCTL_DIR",
                                                "AUTO_INVAL_DATA",
                                                "DO_READDIRPLUS",
                                                "READDIRPLUS_AUTO",
                                                "ASYNC_DIO",
                                                "WRITEBACK_CACHE",
                                                "NO_OPEN_SUPPORT",
                                                "PARALLEL_DIROPS",
                                                "HANDLE_KILLPRIV",
                                                "POSIX_ACL",
                                                "ABORT_ERROR",
                                                "MAX_PAGES",
                                                "CACHE_SYMLINKS",
                                                "NO_OPENDIR_SUPPORT",
                                                "EXPLICIT_INVAL_DATA",
                                                "MAP_ALIGNMENT",
                                                "SUBMOUNTS",
                                                "HANDLE_KILLPRIV_V2",
                                                "SETXATTR_EXT",
                                                "INIT_EXT",
                                                "INIT_RESERVED",
                                                "SECURITY_CTX",
                                                "HAS_INODE_DAX",
                                                "CREATE_SUPP_GROUP",
                                                "HAS_EXPIRE_ONLY",
                                                "DIRECT_IO_ALLOW_MMAP",
                                                "PASSTHROUGH",
                                                "NO_EXPORT_SUPPORT",
                                                "HAS_RESEND",
                                                "ALLOW_IDMAP",
                                                "OVER_IO_URING"};

uint64_t Join(uint32_t flags, uint32_t flags2) {
  return (flags & FUSE_INIT_EXT) != 0 ? flags | uint64_t{flags2} << 32 : flags;
}

}  // namespace

void InitFlags::NoteRequest(const Message& init) {
  const auto body = init.Body<fuse_init_in>();
  negotiation_.kernel_major = body.major;
  negotiation_.kernel_minor = body.minor;
  negotiation_.offered = Join(body.flags, body.flags2);
}

bool InitFlags::PatchReply(std::span<std::byte> reply) {
  fuse_out_header header;
  fuse_init_out out;
  if (reply.size() < sizeof header + sizeof out) return false;
  std::memcpy(&header, reply.data(), sizeof header);
  std::memcpy(&out, reply.data() + sizeof header, sizeof out);
  if (header.error != 0) return false;

  uint64_t flags = (Join(out.flags, out.flags2) & ~kUnwanted) | (kWanted & negotiation_.offered);
  if ((negotiation_.offered & FUSE_INIT_EXT) != 0) flags |= FUSE_INIT_EXT;
  out.flags = static_cast<uint32_t>(flags);
  out.flags2 = static_cast<uint32_t>(flags >> 32);
  if ((flags & FUSE_MAX_PAGES) != 0) out.max_pages = kMaxPages;
  std::memcpy(reply.data() + sizeof header, &out, sizeof out);

  negotiation_.taken = flags;
  negotiation_.max_write = out.max_write;
  negotiation_.max_readahead = out.max_readahead;
  negotiation_.max_background = out.max_background;
  return true;
}

std::vector<std::string> InitFlagNames(uint64_t flags) {
  std::vector<std::string> names;
  for (size_t bit = 0; bit < 64; ++bit)
    if ((flags >> bit & 1) != 0)
      names.push_back(bit < kNames.size() ? kNames[bit] : fmt::format("bit {}", bit));
  return names;
}

}  // namespace faultline::fuse
