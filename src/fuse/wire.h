// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/fuse.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "base/types.h"

namespace faultline::fuse {

/// A request as the kernel wrote it. libfuse parses it as well, but hands on neither `unique` nor
/// most of the flags that say on whose behalf the kernel asks. A view: valid as long as the buffer.
class Message {
 public:
  /// nullopt: shorter than it says it is. The kernel never sends that.
  static std::optional<Message> Parse(std::span<const std::byte> bytes);

  const fuse_in_header& Header() const { return header_; }
  uint64_t Unique() const { return header_.unique; }
  uint32_t Opcode() const { return header_.opcode; }
  InodeId Ino() const { return InodeId{header_.nodeid}; }

  /// The fixed part behind the header; zeros where an older kernel sends less.
  template <class T>
  T Body() const {
    T body{};
    std::memcpy(&body, body_.data(), std::min(sizeof body, body_.size()));
    return body;
  }

  /// READ for O_DIRECT: the answer goes to the caller's buffer, not into the page cache.
  bool IsDirectRead() const;
  /// WRITE for O_DIRECT. (The kernel sends the lock owner with direct I/O only.)
  bool IsDirectWrite() const;
  /// WRITE of dirty pages: nobody's system call, the header names no process.
  bool IsWriteback() const;
  /// The file system has to drop suid and sgid (FUSE_HANDLE_KILLPRIV_V2).
  bool KillsSuidSgid() const;
  bool ChangesSize() const;

 private:
  Message(const fuse_in_header& header, std::span<const std::byte> body)
      : header_(header), body_(body) {}

  fuse_in_header header_;
  std::span<const std::byte> body_;
};

/// "READ"; "opcode" for one this build does not know. A literal.
const char* OpcodeName(uint32_t opcode);

}  // namespace faultline::fuse
