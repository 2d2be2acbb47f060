// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/worker_pool.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

#include "base/log.h"
#include "fuse/receive_buffer.h"
#include "fuse/wire.h"

namespace faultline::fuse {

WorkerPool::WorkerPool(int fuse_fd, const Options& options, Handler handler,
                       std::function<void()> on_end)
    : fuse_fd_(fuse_fd),
      options_(options),
      handler_(std::move(handler)),
      on_end_(std::move(on_end)),
      horizon_(std::max(options.workers, options.max_workers)) {}

void WorkerPool::Start() {
  lock::MutexLock lock(mu_);
  for (int i = 0; i < options_.workers; ++i) AddWorkerLocked();
}

void WorkerPool::AddWorkerLocked() {
  threads_.emplace_back(
      fmt::format("worker-{}", count_.load()), [this] { Run(); }, lock::ThreadRole::kWorker);
  ++count_;
}

// A worker may add another one up to its own end, so the list is taken until it stays empty.
void WorkerPool::Join() {
  for (;;) {
    std::vector<lock::Thread> ending;
    {
      lock::MutexLock lock(mu_);
      ending.swap(threads_);
    }
    if (ending.empty()) return;
    ending.clear();
  }
}

WorkerPool::Load WorkerPool::CurrentLoad() const {
  return {count_.load(), busy_.load(), most_busy_.load(), requests_.load()};
}

void WorkerPool::Run() {
  ReceiveBuffer buffer;
  RequestHorizon::Reader reader(horizon_);
  while (ReceiveOne(buffer.Space(), reader)) {
  }
  ended_ = true;
  on_end_();
}

// False: the connection is over.
bool WorkerPool::ReceiveOne(std::span<std::byte> space, RequestHorizon::Reader& reader) {
  reader.BeforeRead();
  const ssize_t size = read(fuse_fd_, space.data(), space.size());
  if (size >= 0) {
    if (const auto message = Message::Parse(space.first(static_cast<size_t>(size))))
      reader.AfterRead(message->Unique(), message->Opcode());
    Serve(space.first(static_cast<size_t>(size)));
    return true;
  }
  // ENOENT: the caller was killed before we read its request.
  if (errno == EINTR || errno == EAGAIN || errno == ENOENT) return true;
  if (errno != ENODEV && errno != ECONNABORTED)
    LogError("reading /dev/fuse: {}; this worker ends", std::strerror(errno));
  return false;
}

void WorkerPool::Serve(std::span<std::byte> request) {
  const int busy = busy_.fetch_add(1) + 1;
  requests_.fetch_add(1, std::memory_order_relaxed);
  for (int most = most_busy_.load();
       busy > most && !most_busy_.compare_exchange_weak(most, busy);) {
  }
  if (busy >= count_.load()) AddWorkerIfAllBusy();
  handler_(request);
  busy_.fetch_sub(1);
}

void WorkerPool::AddWorkerIfAllBusy() {
  lock::MutexLock lock(mu_);
  const int count = count_.load();
  if (ended_ || busy_.load() < count || count >= options_.max_workers) return;
  try {
    AddWorkerLocked();
  } catch (const std::exception& error) {
    LogWarning("no further worker: {}", error.what());
  }
}

}  // namespace faultline::fuse
