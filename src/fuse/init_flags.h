// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fuse/wire.h"

namespace faultline::fuse {

/// What this kernel and this daemon agreed on in INIT: bits of fuse_init_out.flags, flags2 << 32.
struct Negotiation {
  uint32_t kernel_major = 0;
  uint32_t kernel_minor = 0;
  uint64_t offered = 0;
  uint64_t taken = 0;
  uint32_t max_write = 0;
  uint32_t max_readahead = 0;
  uint16_t max_background = 0;
};

/// Adds to the INIT reply what libfuse 3.14 does not pass on: PARALLEL_DIROPS (it asks for it and
/// loses the bit), HANDLE_KILLPRIV_V2 and DIRECT_IO_ALLOW_MMAP (it does not know them). A newer
/// libfuse makes this file superfluous. Only what the kernel offered is taken.
class InitFlags {
 public:
  void NoteRequest(const Message& init);
  /// `reply` is a whole INIT reply: fuse_out_header, fuse_init_out. Leaves an error alone.
  /// False when it is not one.
  bool PatchReply(std::span<std::byte> reply);

  const Negotiation& Result() const { return negotiation_; }

 private:
  Negotiation negotiation_;
};

/// "PARALLEL_DIROPS", in the order of the bits; unknown ones as "bit 42".
std::vector<std::string> InitFlagNames(uint64_t flags);

}  // namespace faultline::fuse
