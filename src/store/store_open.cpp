// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "store/free_space.h"
#include "store/keys.h"
#include "store/store_impl.h"

// How a store is opened: from the outside in, everything checked before anything is changed.
namespace faultline::store {

namespace {

constexpr uint64_t kMinReserve = 64;                                 // blocks
constexpr uint64_t kMaxReserve = (uint64_t{64} << 20) / kBlockSize;  // blocks
constexpr std::chrono::milliseconds kMinInterval{10};
constexpr std::chrono::milliseconds kMaxInterval{300000};

uint64_t ReserveOf(uint64_t volume_blocks) {
  return std::clamp(volume_blocks / 64, kMinReserve, kMaxReserve);
}

DatabaseOptions DatabaseOptionsFor(const OpenOptions& options, const StoreSeams& seams,
                                   const SpaceLimits& limits, bool direct_io) {
  DatabaseOptions database;
  database.read_only = options.read_only;
  database.tuning = TuningFor(limits, direct_io);
  database.tuning.compress = seams.compress;
  database.file_system = seams.file_system;
  return database;
}

Result<std::string> GetRequired(const Database& database, std::string_view key) {
  FL_ASSIGN_OR_RETURN(auto record, database.Get(Family::kDefault, key));
  if (!record) return Fail(EUCLEAN, "the database has no {} record", key);
  return *std::move(record);
}

}  // namespace

Result<std::unique_ptr<StoreImpl>> StoreImpl::Open(const std::filesystem::path& path,
                                                   const OpenOptions& options,
                                                   const StoreSeams& seams) {
  const Layout layout{path};
  FL_TRY(CheckFormat(layout));
  Opened opened;
  const auto kind = options.read_only ? StoreLock::Kind::kReader : StoreLock::Kind::kWriter;
  FL_ASSIGN_OR_RETURN(opened.lock,
                      StoreLock::Acquire(layout.Lock(), kind, options.lock_timeout, options.owner));
  // Once more: an mkfs may have had the lock until now.
  FL_TRY(CheckFormat(layout));

  FL_ASSIGN_OR_RETURN(const uint64_t host_bytes, SpaceGuard::HostBytes(path));
  const SpaceLimits limits = seams.limits.value_or(SpaceLimits::ForHost(host_bytes));
  const auto access =
      options.read_only ? VolumeFile::Access::kReadOnly : VolumeFile::Access::kReadWrite;
  FL_ASSIGN_OR_RETURN(auto volume_file, seams.open_volume(layout.Volume(), access));
  if (!options.read_only) {
    FL_ASSIGN_OR_RETURN(opened.guard, SpaceGuard::Open(layout.Reserve(), limits));
    // Replaying the log flushes it to tables.
    FL_TRY(opened.guard->Admit(limits.ballast, 0));
  }
  FL_ASSIGN_OR_RETURN(opened.database,
                      Database::Open(layout.Meta(), DatabaseOptionsFor(options, seams, limits,
                                                                       volume_file->Direct())));
  FL_ASSIGN_OR_RETURN(const std::string super, GetRequired(*opened.database, keys::kSuperblock));
  FL_ASSIGN_OR_RETURN(opened.super, DecodeSuperblock(super));
  FL_ASSIGN_OR_RETURN(const std::string state, GetRequired(*opened.database, keys::kState));
  FL_ASSIGN_OR_RETURN(opened.state, DecodeState(state));
  FL_ASSIGN_OR_RETURN(opened.volume, Volume::Open(std::move(volume_file), opened.super.uuid,
                                                  opened.super.volume_blocks));
  std::unique_ptr<StoreImpl> store(new StoreImpl(std::move(opened)));
  FL_TRY(store->Start(options));
  return store;
}

StoreImpl::StoreImpl(Opened opened)
    : lock_(std::move(opened.lock)),
      super_(std::move(opened.super)),
      volume_(std::move(opened.volume)),
      database_(std::move(opened.database)),
      guard_(std::move(opened.guard)),
      pending_(opened.state.last_txg + 1),
      lookups_(pending_, *database_, super_.name_hash_seed),
      allocator_(ReserveOf(super_.volume_blocks)),
      allocatable_(volume_->Blocks()),
      next_inode_(opened.state.next_inode),
      next_small_(opened.state.next_small),
      reclaim_(allocator_, [this] {
        if (committer_) committer_->PollSoon();
      }) {}

Result<> StoreImpl::Start(const OpenOptions& options) {
  auto rebuilt = RebuildFreeSpace(*database_, volume_->Blocks(), allocator_);
  if (!options.read_only) {
    if (!rebuilt)
      return Fail(rebuilt.error().code(), "{}; run fsck.faultline", rebuilt.error().message());
    const auto interval = std::clamp(options.commit_interval, kMinInterval, kMaxInterval);
    committer_ =
        std::make_unique<Committer>(Committer::Parts{pending_, *database_, *volume_, *guard_,
                                                     reclaim_, [this] { return CurrentState(); }},
                                    interval);
  } else if (!rebuilt) {
    // What can still be read shall be.
    LogWarning("the store is damaged, free space is unknown: {}", rebuilt.error().message());
  }
  if (!volume_->Direct())
    LogWarning("the host of the store has no direct I/O: data passes through its page cache");
  return {};
}

StoreImpl::~StoreImpl() {
  if (committer_) committer_->Stop();
}

}  // namespace faultline::store
