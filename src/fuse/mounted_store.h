// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "fs/filesystem.h"
#include "fuse/call.h"
#include "fuse/control.h"
#include "fuse/kernel_notifier.h"
#include "fuse/mount_options.h"
#include "fuse/session.h"
#include "fuse/waiting_calls.h"
#include "fuse/watchdog.h"
#include "store/store.h"

namespace faultline::fuse {

struct MountRequest {
  std::string store;        // absolute
  std::string mount_point;  // absolute
  MountOptions options;
};

/// A store that is mounted: its parts in the order in which they are built, and taken down again.
class MountedStore {
 public:
  /// Opens, mounts, and returns once the kernel uses it. On an error nothing is left behind. The
  /// message is for whoever typed the mount command.
  static Result<std::unique_ptr<MountedStore>> Mount(const MountRequest& request);
  ~MountedStore() = default;

  /// Readable when the mount is gone.
  int EndFd() const { return session_->EndFd(); }
  void Unmount() { session_->Unmount(); }
  /// After the end: serves what is still coming, makes everything durable, closes the store.
  Result<> Close();

 private:
  explicit MountedStore(const MountRequest& request);
  Result<> OpenStore();
  Result<> OpenSession();
  void ApplyReadahead() const;
  SessionOptions MakeSessionOptions() const;
  void StartWatchdog();
  std::string Status() const;

  const MountRequest request_;
  const Nanoseconds started_;
  std::unique_ptr<store::Store> store_;
  KernelNotifier notifier_;
  std::unique_ptr<fs::Filesystem> filesystem_;
  Control control_;
  WaitingCalls waiting_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Watchdog> watchdog_;
};

}  // namespace faultline::fuse
