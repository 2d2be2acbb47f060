// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/types.h"

namespace faultline::lab {

// What was done to the bytes of one file and when, and what may be seen of it: each byte is a
// register. Every writer has its own value; zeros may come from any call that makes zeros. Not
// thread-safe: in the laboratory one thread runs at a time.
class ByteHistory {
 public:
  using Id = size_t;
  static constexpr Id kNone = static_cast<Id>(-1);

  // A store through a mapping that is made before a killer of its bytes has returned may be lost,
  // whatever the storer saw: the kernel drops the pages once more after the reply.
  enum class Kind { kPlain, kMappedStore, kKiller };

  Id BeginWrite(ByteRange range, char value, Kind kind = Kind::kPlain);
  void EndWrite(Id id) { writes_[id].end = ++clock_; }
  // It did nothing.
  void Withdraw(Id id) { writes_[id].range = {}; }
  // `later` was made by somebody who had seen `seen`, and was flushed: it must outlive it, although
  // both are concurrent (PageMasks, regrant).
  void Follows(Id later, Id seen) { writes_[later].follows = seen; }
  // The writer whose value this may be; kNone for none.
  Id WriterOf(uint64_t offset, char value) const;

  uint64_t Now() { return ++clock_; }
  // Why nobody may see `value` at `offset` in a read that began at `begin` and has just ended.
  std::optional<std::string> Judge(uint64_t offset, char value, uint64_t begin);

 private:
  struct Write {
    ByteRange range;
    char value;
    Kind kind;
    uint64_t begin;
    uint64_t end = UINT64_MAX;
    Id follows = kNone;
  };
  bool MayBeLost(const Write& store, uint64_t offset, const Write& earlier) const;
  bool IsReplaced(Id id, uint64_t offset, uint64_t before) const;

  std::vector<Write> writes_;
  uint64_t clock_ = 0;
};

// 'x', or 0 for zeros.
std::string Printable(char value);

}  // namespace faultline::lab
