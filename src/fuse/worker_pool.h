// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "fuse/request_horizon.h"
#include "lock/mutex.h"
#include "lock/thread.h"

namespace faultline::fuse {

/// Threads that read /dev/fuse and serve what they read. There is always one more than are busy, up
/// to `max`: a request that the busy ones depend on (the write-back of a page, `status`) finds
/// somebody to receive it. libfuse's own loop ends idle threads and hides the raw message, hence
/// this one.
class WorkerPool {
 public:
  struct Options {
    int workers = 4;  // few: the kernel wakes them in turn, and each has its own caches to warm
    int max_workers = 64;
  };
  /// What a worker does with one raw request. The memory is reused when it returns.
  using Handler = std::function<void(std::span<std::byte>)>;

  struct Load {
    int workers = 0;
    int busy = 0;
    int most_busy = 0;
    uint64_t requests = 0;
  };

  /// `on_end` is called by each worker that has seen the end of the connection.
  WorkerPool(int fuse_fd, const Options& options, Handler handler, std::function<void()> on_end);
  /// The connection must have ended, or be about to.
  ~WorkerPool() { Join(); }

  void Start();
  /// Returns when every worker has seen the end of the connection.
  void Join();
  Load CurrentLoad() const;
  /// For a worker that is serving a WRITE.
  uint64_t Horizon() const { return horizon_.Get(); }

 private:
  void Run();
  bool ReceiveOne(std::span<std::byte> space, RequestHorizon::Reader& reader);
  void Serve(std::span<std::byte> request);
  void AddWorkerIfAllBusy();
  void AddWorkerLocked() FL_REQUIRES(mu_);

  const int fuse_fd_;
  const Options options_;
  const Handler handler_;
  const std::function<void()> on_end_;
  RequestHorizon horizon_;
  std::atomic<int> busy_{0};
  std::atomic<int> most_busy_{0};
  std::atomic<int> count_{0};
  std::atomic<uint64_t> requests_{0};
  std::atomic<bool> ended_{false};
  lock::Mutex mu_{lock::LockClass::kHandleTable};
  std::vector<lock::Thread> threads_ FL_GUARDED_BY(mu_);
};

}  // namespace faultline::fuse
