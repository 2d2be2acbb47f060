// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/real/byte_history.h"

#include <fmt/format.h>

#include <cctype>

namespace faultline::lab {

std::string Printable(char value) {
  if (value == '\0') return "zero";
  return std::isprint(static_cast<unsigned char>(value)) != 0
             ? fmt::format("'{}'", value)
             : fmt::format("{:#04x}", static_cast<unsigned char>(value));
}

ByteHistory::Id ByteHistory::BeginWrite(ByteRange range, char value, Kind kind) {
  writes_.push_back({range, value, kind, ++clock_});
  return writes_.size() - 1;
}

ByteHistory::Id ByteHistory::WriterOf(uint64_t offset, char value) const {
  for (Id id = writes_.size(); id-- > 0;)
    if (writes_[id].value == value && writes_[id].range.Contains({offset, offset + 1})) return id;
  return kNone;
}

// With an earlier value in its place, if that was not there before the killer began either.
bool ByteHistory::MayBeLost(const Write& store, uint64_t offset, const Write& earlier) const {
  if (store.kind != Kind::kMappedStore) return false;
  for (const Write& killer : writes_)
    if (killer.kind == Kind::kKiller && killer.range.Contains({offset, offset + 1}) &&
        store.begin < killer.end && store.end > killer.begin && earlier.end > killer.begin)
      return true;
  return false;
}

// By a write that came wholly after it and was done before the read began.
bool ByteHistory::IsReplaced(Id id, uint64_t offset, uint64_t before) const {
  for (const Write& write : writes_) {
    if (!write.range.Contains({offset, offset + 1}) || write.end >= before) continue;
    if (write.follows == id) return true;
    if (write.begin > writes_[id].end && !MayBeLost(write, offset, writes_[id])) return true;
  }
  return false;
}

std::optional<std::string> ByteHistory::Judge(uint64_t offset, char value, uint64_t begin) {
  ++clock_;
  bool known = false;
  for (Id id = 0; id < writes_.size(); ++id) {
    const Write& write = writes_[id];
    if (write.value != value || !write.range.Contains({offset, offset + 1})) continue;
    known = true;
    if (!IsReplaced(id, offset, begin)) return std::nullopt;
  }
  return fmt::format("byte {} is {}, which {}", offset, Printable(value),
                     known ? "was replaced before" : "nobody wrote there");
}

}  // namespace faultline::lab
