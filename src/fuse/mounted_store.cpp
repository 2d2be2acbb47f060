// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/mounted_store.h"

#include <sys/stat.h>
#include <sys/statfs.h>

#include <cerrno>

#include "base/clock.h"
#include "base/control_protocol.h"
#include "base/log.h"
#include "fuse/locks_report.h"
#include "fuse/readahead.h"
#include "fuse/status.h"

namespace faultline::fuse {
namespace {

constexpr std::chrono::seconds kInitTimeout{30};

// The kernel may know the attributes of a dead mount's root: only statfs always asks.
Result<> CheckNotMountedYet(const std::string& path) {
  const Result<MountEntry> mount = FindMount(path);
  if (!mount || mount->type != kMountType) return {};
  struct statfs st;
  if (statfs(path.c_str(), &st) == 0)
    return Fail(EBUSY, "{} is mounted on {} already", mount->source, path);
  return Fail(errno, "{} is left over from a daemon that died; 'umount {}' first", path, path);
}

Result<> CheckMountPoint(const MountRequest& request) {
  struct stat st;
  const std::string& path = request.mount_point;
  FL_TRY(CheckNotMountedYet(path));
  if (stat(path.c_str(), &st) != 0) return Fail(errno, "mount point {}", path);
  if (!S_ISDIR(st.st_mode)) return Fail(ENOTDIR, "mount point {}", path);
  if (path == request.store || path.starts_with(request.store + "/"))
    return Fail(EINVAL, "mount point {} is inside the store", path);
  return {};
}

}  // namespace

MountedStore::MountedStore(const MountRequest& request)
    : request_(request), started_(MonotonicNow()) {}

Result<std::unique_ptr<MountedStore>> MountedStore::Mount(const MountRequest& request) {
  FL_TRY(CheckMountPoint(request));
  std::unique_ptr<MountedStore> mounted(new MountedStore(request));
  FL_TRY(mounted->OpenStore());
  FL_TRY(mounted->OpenSession());
  mounted->ApplyReadahead();
  mounted->StartWatchdog();
  if (NeedsDrainRead(KernelRelease()))
    LogWarning(
        "on Linux {} a punched or replaced range may show old bytes again: its page-cache "
        "writeback is not ordered against invalidations",
        KernelRelease());
  LogInfo("{} is mounted on {}", request.store, request.mount_point);
  return mounted;
}

Result<> MountedStore::OpenStore() {
  const store::OpenOptions options{.read_only = request_.options.read_only,
                                   .commit_interval = request_.options.commit_interval,
                                   .owner = request_.mount_point};
  FL_ASSIGN_OR_RETURN(store_, store::Store::Open(request_.store, options));
  const fs::Options fs_options{.writeback_cache = request_.options.writeback_cache,
                               .read_only = store_->ReadOnly()};
  FL_ASSIGN_OR_RETURN(filesystem_, fs::Filesystem::Open(*store_, notifier_, fs_options));
  return {};
}

Result<> MountedStore::OpenSession() {
  control_.Register(control::kStatus, [this] { return Status(); });
  control_.Register(control::kLocks, [] { return LocksReport(lock::CaptureLockState()); });
  server_.reset(new Server{*filesystem_, control_, waiting_, {request_.options.writeback_cache}});
  FL_ASSIGN_OR_RETURN(session_, Session::Mount(MakeSessionOptions(), *server_, notifier_));
  session_->Start();
  return session_->WaitForInit(kInitTimeout);
}

// Only a wish: whoever did not ask for it is not told.
void MountedStore::ApplyReadahead() const {
  const std::optional<unsigned> asked = request_.options.readahead_kib;
  const Result<> set = SetReadahead(session_->Entry().device, asked.value_or(kDefaultReadaheadKib));
  if (!set && asked) LogWarning("readahead={}: {}", *asked, set.error().ToString());
}

void MountedStore::StartWatchdog() {
  if (request_.options.hang_timeout == std::chrono::milliseconds::zero()) return;
  Watchdog::Options options{.limit = request_.options.hang_timeout, .on_hang = nullptr};
  if (request_.options.abort_on_hang)
    options.on_hang = [this] {
      LogError("on_hang=abort: ending the mount of {}", request_.mount_point);
      session_->Abort();
    };
  watchdog_ = std::make_unique<Watchdog>(std::move(options));
}

SessionOptions MountedStore::MakeSessionOptions() const {
  SessionOptions options;
  options.source = request_.store;
  options.mount_point = request_.mount_point;
  options.mount_options = request_.options.kernel;
  if (store_->ReadOnly()) options.mount_options.push_back("ro");
  options.writeback_cache = request_.options.writeback_cache;
  return options;
}

// Completions reply through the session, so it goes last; the notifier runs until no file system
// is left to queue something.
Result<> MountedStore::Close() {
  session_->Join();
  watchdog_.reset();
  notifier_.Drain();
  Result<> closed = filesystem_->Shutdown();
  filesystem_.reset();
  notifier_.Drain();
  store_.reset();
  session_.reset();
  return closed;
}

std::string MountedStore::Status() const {
  return StatusText({.store_path = request_.store,
                     .mount_point = request_.mount_point,
                     .options = request_.options,
                     .store = *store_,
                     .session = *session_,
                     .notifier = notifier_,
                     .uptime = MonotonicNow() - started_});
}

}  // namespace faultline::fuse
