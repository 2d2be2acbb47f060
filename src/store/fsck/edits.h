// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "store/fsck/fsck_store.h"
#include "store/records.h"

namespace faultline::store::fsck {

// The repairs planned so far, as changes of records, and the store as it will be after them. Not
// thread-safe. Nothing is written before Write().
class Edits {
 public:
  explicit Edits(FsckStore& store) : store_(store) {}

  void Put(Family family, std::string_view key, std::string value);
  void Delete(Family family, std::string_view key);

  Result<std::optional<std::string>> Get(Family family, std::string_view key);
  // Every record as it will be. The visitor may plan further changes; whether it still meets them
  // is undefined.
  Result<> Scan(Family family, const FsckStore::Visitor& visit);

  void PutHeader(const VolumeHeader& header);
  // Requires an inode with a valid record.
  Result<> ChangeInode(InodeId ino, const std::function<void(InodeRecord&)>& change);
  void PutInode(const InodeRecord& inode);
  void PutDirent(std::string_view key, InodeId ino, uint8_t type);

  // Counts up with every change.
  uint64_t Changes() const { return changes_; }
  Result<> Write();

 private:
  using Table = std::map<std::string, std::optional<std::string>, std::less<>>;
  Table& Of(Family family) { return tables_[static_cast<size_t>(family)]; }

  FsckStore& store_;
  std::array<Table, kFamilies> tables_;
  std::optional<VolumeHeader> header_;
  uint64_t changes_ = 0;
};

}  // namespace faultline::store::fsck
