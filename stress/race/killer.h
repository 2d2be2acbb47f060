// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "base/types.h"
#include "check/verdict.h"

namespace faultline::stress {

/// The call that races mapped stores: after it returned, the old bytes of its range are gone.
class Killer {
 public:
  virtual ~Killer() = default;

  virtual const char* call() const = 0;
  virtual Verdict stale() const = 0;
  /// Ranges begin and end at multiples of this.
  virtual uint64_t alignment() const { return 1; }
  /// Ranges reach to the end of the file.
  virtual bool to_end_of_file() const { return false; }
  /// Other writers of the file wait for the whole call, so who saw a part of its effect and then
  /// calls write(2) comes after all of it.
  virtual bool excludes_writers() const { return true; }
  /// Nothing orders a mapped store that faults its page in while the call runs, natively either:
  /// the dirty page then holds old bytes of its block. But the kernel notices, and the next flush
  /// fails with EIO ("page cache invalidation failure on direct I/O"). Only silence is judged.
  /// Writeback of such a page before the call returns would escape the notice: without FUSE the
  /// storer leaves it to the kernel.
  virtual bool reports_collisions() const { return false; }

  /// Makes the replacement of this round. Called before Kill, alone.
  virtual Result<> Prepare(uint32_t epoch) = 0;
  /// The content of the whole file that the range is taken from; empty: zeros.
  virtual std::span<const std::byte> replacement() const { return {}; }
  virtual Result<> Kill(int fd, ByteRange range) = 0;
};

enum class KillerKind { kPunch, kZero, kTruncate, kCopy, kDirect };

/// A killer for files in `directory`, tried there on a scratch file: the error says why this
/// filesystem cannot do it.
Result<std::unique_ptr<Killer>> MakeKiller(KillerKind kind, const std::string& directory,
                                           uint64_t run);

}  // namespace faultline::stress
