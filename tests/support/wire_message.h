// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "base/check.h"
#include "fuse/wire.h"

namespace faultline::test {

/// A request as the kernel would send it; keeps the bytes that its Message looks at.
class WireMessage {
 public:
  template <class T>
  WireMessage(uint32_t opcode, uint64_t ino, const T& body)
      : bytes_(sizeof(fuse_in_header) + sizeof body) {
    fuse_in_header header{};
    header.len = static_cast<uint32_t>(bytes_.size());
    header.opcode = opcode;
    header.nodeid = ino;
    header.unique = 4242;
    std::memcpy(bytes_.data(), &header, sizeof header);
    std::memcpy(bytes_.data() + sizeof header, &body, sizeof body);
  }

  std::span<const std::byte> Bytes() const { return bytes_; }
  fuse::Message Get() const {
    auto message = fuse::Message::Parse(bytes_);
    FL_CHECK(message.has_value());
    return *message;
  }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace faultline::test
