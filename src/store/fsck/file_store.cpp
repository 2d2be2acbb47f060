// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/fsck/file_store.h"

#include "store/layout.h"

namespace faultline::store::fsck {

namespace {

constexpr std::chrono::milliseconds kLockTimeout{2000};  // for a daemon that is just finishing

}  // namespace

Result<std::unique_ptr<FileStore>> FileStore::Open(const std::filesystem::path& path,
                                                   bool read_only) {
  const Layout layout{path};
  FL_TRY(CheckFormat(layout));
  std::unique_ptr<FileStore> store(new FileStore);
  const auto kind = read_only ? StoreLock::Kind::kReader : StoreLock::Kind::kWriter;
  FL_ASSIGN_OR_RETURN(store->lock_,
                      StoreLock::Acquire(layout.Lock(), kind, kLockTimeout, "fsck.faultline"));
  // Once more: an mkfs may have had the lock until now.
  FL_TRY(CheckFormat(layout));
  FL_ASSIGN_OR_RETURN(const uint64_t host_bytes, SpaceGuard::HostBytes(path));
  const SpaceLimits limits = SpaceLimits::ForHost(host_bytes);
  const auto access = read_only ? VolumeFile::Access::kReadOnly : VolumeFile::Access::kReadWrite;
  FL_ASSIGN_OR_RETURN(store->volume_, VolumeFile::Open(layout.Volume(), access));
  FL_ASSIGN_OR_RETURN(const uint64_t volume_bytes, store->volume_->Size());
  store->volume_blocks_ = volume_bytes / kBlockSize;
  if (!read_only) {
    FL_ASSIGN_OR_RETURN(store->guard_, SpaceGuard::Open(layout.Reserve(), limits));
    // Replaying the log flushes it to tables.
    FL_TRY(store->guard_->Admit(limits.ballast, 0));
  }
  DatabaseOptions options;
  options.read_only = read_only;
  options.tuning = TuningFor(limits, store->volume_->Direct());
  FL_ASSIGN_OR_RETURN(store->database_, Database::Open(layout.Meta(), options));
  return store;
}

Result<> FileStore::Scan(Family family, const Visitor& visit) {
  Cursor cursor = database_->Iterate(family, Database::Access::kScan);
  for (cursor.SeekToFirst(); cursor.Valid(); cursor.Next())
    FL_TRY(visit(cursor.Key(), cursor.Value()));
  return cursor.Status();
}

Result<std::optional<std::string>> FileStore::Get(Family family, std::string_view key) {
  return database_->Get(family, key);
}

Result<> FileStore::Write(std::span<const RecordChange> changes) {
  WriteBatch batch(*database_);
  for (const RecordChange& change : changes) {
    if (change.value) {
      batch.Put(change.family, change.key, *change.value);
    } else {
      batch.Delete(change.family, change.key);
    }
  }
  FL_TRY(guard_->Admit(batch.Bytes(), database_->MemtableBytes()));
  return database_->Write(batch);
}

Result<> FileStore::ReadVolume(uint64_t block, std::span<std::byte> out) {
  auto result = volume_->Read(block * kBlockSize, out);
  if (!result)
    return Fail(EIO, "reading volume blocks {}+{}: {}", block, out.size() / kBlockSize,
                result.error().ToString());
  return {};
}

Result<std::optional<VolumeHeader>> FileStore::ReadHeader() {
  auto header = Volume::ReadHeader(*volume_);
  if (header) return *header;
  if (header.error().code() == EUCLEAN) return std::nullopt;
  return tl::unexpected(header.error());
}

Result<> FileStore::WriteHeader(const VolumeHeader& header) {
  return Volume::Format(*volume_, header.uuid, header.blocks);
}

}  // namespace faultline::store::fsck
