// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/format.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "base/clock.h"
#include "base/test_point.h"
#include "store/database.h"
#include "store/keys.h"
#include "store/layout.h"
#include "store/space_guard.h"
#include "store/store_lock.h"
#include "store/volume.h"

namespace faultline::store {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kOurNames = {"FORMAT", "FORMAT.new", "lock",
                                                       "meta",   "reserve",    "volume"};

Error FromSystem(const std::error_code& code, const fs::path& path) {
  return Error(code.value(), path.native());
}

struct Contents {
  bool has_format = false;
  bool other_than_lock = false;
  std::string foreign;  // a name that no store has; empty: none
};

Result<Contents> LookAt(const fs::path& path) {
  Contents contents;
  std::error_code code;
  for (fs::directory_iterator at(path, code), end; !code && at != end; at.increment(code)) {
    const std::string name = at->path().filename().native();
    if (name == "lost+found") continue;
    if (name == "FORMAT") contents.has_format = true;
    if (name != "lock") contents.other_than_lock = true;
    if (std::find(kOurNames.begin(), kOurNames.end(), name) == kOurNames.end())
      contents.foreign = name;
  }
  if (code) return tl::unexpected(FromSystem(code, path));
  return contents;
}

// Is FORMAT one of ours, whatever version, finished or not?
bool IsOurs(const Layout& layout) {
  auto check = CheckFormat(layout);
  if (check || check.error().code() == EPROTONOSUPPORT) return true;
  return check.error().message().find("did not finish") != std::string::npos;
}

Result<> CheckReplaceable(const Layout& layout, bool force) {
  FL_ASSIGN_OR_RETURN(const Contents contents, LookAt(layout.root));
  const std::string& path = layout.root.native();
  if (!contents.foreign.empty())
    return Fail(ENOTEMPTY, "{} holds \"{}\", which is not part of a store; {}", path,
                contents.foreign, "empty the directory or choose another one");
  if (!contents.other_than_lock) return {};
  if (!contents.has_format || !IsOurs(layout))
    return Fail(ENOTEMPTY, "{} is neither empty nor a faultline store; {}", path,
                "empty the directory or choose another one");
  if (!force) return Fail(EEXIST, "{} holds a faultline store; -f replaces it", path);
  return {};
}

Result<> CreateDirectory(const fs::path& path) {
  if (mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return Fail(errno, "{}", path.native());
  struct stat st;
  if (stat(path.c_str(), &st) != 0) return Fail(errno, "{}", path.native());
  if (!S_ISDIR(st.st_mode)) return Fail(ENOTDIR, "{}", path.native());
  return {};
}

Result<> RemoveOldStore(const Layout& layout) {
  std::error_code code;
  for (const fs::path& path : {layout.Meta(), layout.Volume(), layout.Reserve()}) {
    fs::remove_all(path, code);
    if (code) return tl::unexpected(FromSystem(code, path));
  }
  return SyncDirectory(layout.root);
}

Result<> CheckOptions(const FormatOptions& options) {
  if (options.label.size() > kMaxLabelLength)
    return Fail(EINVAL, "a label has at most {} bytes", kMaxLabelLength);
  if (options.size == 0) return {};
  if (options.size < kMinVolumeBytes || options.size > kMaxVolumeBytes)
    return Fail(EINVAL, "a size of {} is not between {} and {}", SizeText(options.size),
                SizeText(kMinVolumeBytes), SizeText(kMaxVolumeBytes));
  return {};
}

Result<uint64_t> DefaultSize(const fs::path& path) {
  FL_ASSIGN_OR_RETURN(const uint64_t free, SpaceGuard::HostFreeBytes(path));
  return std::clamp(free >> 20 << 20, kMinVolumeBytes, kMaxVolumeBytes);
}

Timestamp Now() {
  const int64_t now = RealtimeNow().count();
  return {now / 1'000'000'000, static_cast<uint32_t>(now % 1'000'000'000)};
}

template <class T>
Result<> FillRandom(T& out) {
  if (getrandom(&out, sizeof(out), 0) != static_cast<ssize_t>(sizeof(out)))
    return Fail(EIO, "no random numbers");
  return {};
}

Result<Superblock> MakeSuperblock(const fs::path& path, const FormatOptions& options) {
  Superblock super;
  uint64_t size = options.size;
  if (size == 0) {
    FL_ASSIGN_OR_RETURN(size, DefaultSize(path));
  }
  super.volume_blocks = size / kBlockSize;
  super.label = options.label;
  super.created = Now();
  FL_TRY(FillRandom(super.uuid));
  FL_TRY(FillRandom(super.name_hash_seed));
  // RFC 4122: random, variant 1.
  super.uuid[6] = static_cast<uint8_t>((super.uuid[6] & 0x0f) | 0x40);
  super.uuid[8] = static_cast<uint8_t>((super.uuid[8] & 0x3f) | 0x80);
  return super;
}

InodeRecord RootDirectory(const Timestamp& now) {
  InodeRecord root;
  root.ino = kRootInode;
  root.mode = S_IFDIR | 0755;
  root.uid = geteuid();
  root.gid = getegid();
  root.nlink = 2;
  root.parent = kRootInode;
  root.atime = root.mtime = root.ctime = root.btime = now;
  return root;
}

Result<> CreateDatabase(const Layout& layout, const Superblock& super,
                        const DatabaseTuning& tuning) {
  DatabaseOptions options;
  options.create = true;
  options.tuning = tuning;
  FL_ASSIGN_OR_RETURN(const auto database, Database::Open(layout.Meta(), options));
  WriteBatch batch(*database);
  batch.Put(Family::kDefault, keys::kSuperblock, EncodeSuperblock(super));
  batch.Put(Family::kDefault, keys::kState, EncodeState(StoreState{}));
  const auto root = keys::Inode(kRootInode);
  batch.Put(Family::kInodes, root, EncodeInode(root, RootDirectory(super.created)));
  return database->Write(batch);
}

// RocksDB must not meet a full disk, here as little as later.
Result<> CheckHostRoom(const Layout& layout, const SpaceLimits& limits) {
  FL_ASSIGN_OR_RETURN(const uint64_t free, SpaceGuard::HostFreeBytes(layout.root));
  const uint64_t need = limits.ballast + limits.short_below;
  if (free >= need) return {};
  return Fail(ENOSPC, "{} has {} free; a store takes at least {}", layout.root.native(),
              SizeText(free), SizeText(need));
}

Result<> CreateFiles(const Layout& layout, const Superblock& super, const SpaceLimits& limits) {
  FL_TRY(SpaceGuard::CreateBallast(layout.Reserve(), limits.ballast));
  FL_TEST_POINT("store.format.ballast");
  FL_ASSIGN_OR_RETURN(auto volume, VolumeFile::Open(layout.Volume(), VolumeFile::Access::kCreate));
  FL_TRY(Volume::Format(*volume, super.uuid, super.volume_blocks));
  FL_TEST_POINT("store.format.volume");
  FL_TRY(CreateDirectory(layout.Meta()));
  FL_TRY(CreateDatabase(layout, super, TuningFor(limits, volume->Direct())));
  FL_TEST_POINT("store.format.database");
  return SyncDirectory(layout.root);
}

}  // namespace

Result<Superblock> Format(const fs::path& path, const FormatOptions& options) {
  FL_TRY(CheckOptions(options));
  const Layout layout{path};
  FL_TRY(CreateDirectory(path));
  FL_TRY(CheckReplaceable(layout, options.force));
  FL_ASSIGN_OR_RETURN(const StoreLock lock,
                      StoreLock::Acquire(layout.Lock(), StoreLock::Kind::kWriter,
                                         std::chrono::milliseconds(0), "mkfs.faultline"));
  // Once more, now that nobody else can make one here.
  FL_TRY(CheckReplaceable(layout, options.force));
  FL_ASSIGN_OR_RETURN(const uint64_t host_bytes, SpaceGuard::HostBytes(path));
  const SpaceLimits limits = options.limits.value_or(SpaceLimits::ForHost(host_bytes));
  if (!options.force) FL_TRY(CheckHostRoom(layout, limits));
  FL_TRY(WriteFileDurably(layout.Format(), kUnfinishedLine));
  FL_TEST_POINT("store.format.unfinished");
  FL_TRY(RemoveOldStore(layout));
  FL_TRY(CheckHostRoom(layout, limits));
  FL_ASSIGN_OR_RETURN(const Superblock super, MakeSuperblock(path, options));
  FL_TRY(CreateFiles(layout, super, limits));
  FL_TRY(WriteFileDurably(layout.Format(), FormatLine()));
  return super;
}

}  // namespace faultline::store
