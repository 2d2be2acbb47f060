// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "store/fsck/fsck_store.h"

namespace faultline::test {

// The records of a store as maps and its volume as memory: quick to build, to damage and to
// compare.
class MapFsckStore final : public store::FsckStore {
 public:
  using Table = std::map<std::string, std::string>;

  explicit MapFsckStore(uint64_t volume_blocks) : volume(volume_blocks * kBlockSize) {}

  Table& Of(store::Family family) { return tables[static_cast<size_t>(family)]; }

  Result<> Scan(store::Family family, const Visitor& visit) override {
    for (const auto& [key, value] : Of(family)) FL_TRY(visit(key, value));
    return {};
  }
  Result<std::optional<std::string>> Get(store::Family family, std::string_view key) override {
    const auto at = Of(family).find(std::string(key));
    if (at == Of(family).end()) return std::nullopt;
    return at->second;
  }
  Result<> Write(std::span<const store::RecordChange> changes) override {
    ++writes;
    for (const auto& change : changes) {
      if (change.value) {
        Of(change.family)[change.key] = *change.value;
      } else {
        Of(change.family).erase(change.key);
      }
    }
    return {};
  }
  Result<std::optional<store::VolumeHeader>> ReadHeader() override { return header; }
  Result<> WriteHeader(const store::VolumeHeader& changed) override {
    header = changed;
    return {};
  }
  Result<> ReadVolume(uint64_t block, std::span<std::byte> out) override {
    if (block == unreadable_block) return Fail(EIO, "the medium is worn out");
    std::copy_n(volume.begin() + static_cast<ptrdiff_t>(block * kBlockSize), out.size(),
                out.begin());
    return {};
  }
  uint64_t VolumeBlocks() const override { return volume.size() / kBlockSize; }

  std::array<Table, store::kFamilies> tables;
  std::vector<std::byte> volume;
  std::optional<store::VolumeHeader> header;
  uint64_t unreadable_block = 0;
  int writes = 0;
};

}  // namespace faultline::test
