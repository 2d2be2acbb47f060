// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/ioctl.h>

#include <cstddef>
#include <cstdint>

/// How the program `faultline` talks to a mounted file system: an ioctl on its root directory. An
/// ioctl holds no lock in the kernel and needs no other channel than the mount. The kernel copies a
/// message of this size in and out; nothing in it is a pointer.
namespace faultline::control {

inline constexpr uint32_t kProtocol = 1;
/// The number of an ioctl holds its size in 14 bits.
inline constexpr size_t kMessageSize = 16 * 1024 - 8;
inline constexpr size_t kTextSize = kMessageSize - 24;

/// The caller sets `protocol` and zeroes the rest; the answer is JSON. One that is longer than
/// `text` comes in pages: with `answer` as it came back and `offset` set, the next page of the same
/// answer.
struct Message {
  uint32_t protocol = kProtocol;
  uint32_t text_size = 0;   // bytes of `text` in use, without a terminating zero
  uint32_t total_size = 0;  // of the whole answer
  uint32_t answer = 0;      // 0: a new one, please
  uint64_t offset = 0;      // of `text` in the answer
  char text[kTextSize] = {};
};
static_assert(sizeof(Message) == kMessageSize && kMessageSize < (1u << _IOC_SIZEBITS));

/// Errors: ENOTTY: not a command of this daemon; EINVAL: another protocol, or not the root; ESTALE:
/// a page of an answer that has been forgotten, because many others were asked for meanwhile.
inline constexpr unsigned long kStatus = _IOWR(0xfa, 1, Message);
inline constexpr unsigned long kLocks = _IOWR(0xfa, 2, Message);

}  // namespace faultline::control
