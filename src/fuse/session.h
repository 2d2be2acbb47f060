// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/mount_table.h"
#include "base/unique_fd.h"
#include "fuse/call.h"
#include "fuse/init_flags.h"
#include "fuse/kernel_notifier.h"
#include "fuse/worker_pool.h"

struct fuse_session;
struct fuse_conn_info;

namespace faultline::fuse {

struct SessionOptions {
  std::string source;                      // as /proc/mounts shows it
  std::string mount_point;                 // absolute
  std::vector<std::string> mount_options;  // for the kernel, as "noatime" or "context=..."
  bool writeback_cache = false;
  WorkerPool::Options workers;
};

/// One connection to the kernel, from mount to unmount. Receives requests itself and has libfuse
/// parse them, sees every reply on its way out.
class Session {
 public:
  /// Mounts; nothing is served before Start. EBUSY, EPERM, ... with the words of mount(2) or
  /// fusermount3. `server` and `notifier` must outlive the session.
  static Result<std::unique_ptr<Session>> Mount(const SessionOptions& options, Server& server,
                                                KernelNotifier& notifier);
  /// Takes the mount away if it is still there; every completion must have been called.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void Start();
  /// ETIMEDOUT: the kernel did not complete its INIT.
  Result<> WaitForInit(std::chrono::nanoseconds timeout);
  /// Asks for the end: unmounts, lazily when files are open.
  void Unmount();
  /// Ends the connection at once: who waits for an answer gets an error. For when the daemon hangs.
  void Abort();
  /// Returns when the connection has ended and every worker with it; the kernel sends nothing any
  /// more and hears nothing.
  void Join();
  /// Becomes readable when the connection ends.
  int EndFd() const { return end_fd_.get(); }

  Negotiation Negotiated() const;
  WorkerPool::Load Load() const { return workers_->CurrentLoad(); }
  /// The line of the mount table.
  const MountEntry& Entry() const { return mount_; }

 private:
  Session(const SessionOptions& options, Server& server, KernelNotifier& notifier);
  Result<> CreateLibfuse();
  Result<> MountLibfuse();
  void Serve(std::span<std::byte> request);
  void Process(const Message& message, std::span<std::byte> request);
  void Refuse(const Message& message, int error);
  ssize_t Send(int fd, iovec* iov, int count);
  ssize_t SendInitReply(int fd, iovec* iov, int count);
  void Configure(fuse_conn_info& connection) const;

  static ssize_t SendHook(int fd, iovec* iov, int count, void* session);
  static ssize_t ReadHook(int fd, void* buffer, size_t size, void* session);

  const SessionOptions options_;
  Server& server_;
  KernelNotifier& notifier_;
  fuse_session* libfuse_ = nullptr;
  MountEntry mount_;  // immutable after Mount
  UniqueFd end_fd_;
  std::unique_ptr<WorkerPool> workers_;
  std::atomic<bool> init_done_{false};
  mutable lock::Mutex mu_{lock::LockClass::kHandleTable};
  lock::CondVar init_changed_;
  InitFlags init_ FL_GUARDED_BY(mu_);
};

}  // namespace faultline::fuse
