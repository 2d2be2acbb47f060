// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "store/database.h"
#include "store/fsck/fsck_store.h"
#include "store/space_guard.h"
#include "store/store_lock.h"
#include "store/volume_file.h"

namespace faultline::store::fsck {

// A store on files, as fsck sees it. Holds STORE/lock. Unlike Store::Open it opens what is damaged.
class FileStore final : public FsckStore {
 public:
  // As Store::Open, less what it says about the content of records and of the volume.
  static Result<std::unique_ptr<FileStore>> Open(const std::filesystem::path& path, bool read_only);

  Result<> Scan(Family family, const Visitor& visit) override;
  Result<std::optional<std::string>> Get(Family family, std::string_view key) override;
  Result<> Write(std::span<const RecordChange> changes) override;
  Result<> ReadVolume(uint64_t block, std::span<std::byte> out) override;
  uint64_t VolumeBlocks() const override { return volume_blocks_; }
  Result<std::optional<VolumeHeader>> ReadHeader() override;
  Result<> WriteHeader(const VolumeHeader& header) override;

 private:
  FileStore() = default;

  StoreLock lock_;
  std::unique_ptr<SpaceGuard> guard_;  // null: read-only
  std::unique_ptr<VolumeFile> volume_;
  uint64_t volume_blocks_ = 0;
  std::unique_ptr<Database> database_;
};

}  // namespace faultline::store::fsck
