// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <string>
#include <thread>

#include "base/clock.h"

namespace faultline::store {

namespace {

constexpr std::chrono::milliseconds kRetryInterval{20};

std::string HolderOf(int fd) {
  std::array<char, 256> text;
  const ssize_t got = pread(fd, text.data(), text.size(), 0);
  if (got <= 0) return "a reader (fsck, or a read-only mount)";
  std::string holder(text.data(), static_cast<size_t>(got));
  if (holder.ends_with('\n')) holder.pop_back();
  return holder;
}

// flock() has no timeout, and a signal would be another process-wide thing: so it is asked again.
bool TryUntil(int fd, int operation, std::chrono::milliseconds timeout) {
  const Nanoseconds deadline = MonotonicNow() + timeout;
  while (flock(fd, operation | LOCK_NB) != 0) {
    if (MonotonicNow() >= deadline) return false;
    std::this_thread::sleep_for(kRetryInterval);
  }
  return true;
}

}  // namespace

Result<StoreLock> StoreLock::Acquire(const std::filesystem::path& path, Kind kind,
                                     std::chrono::milliseconds timeout, std::string_view owner) {
  const bool writer = kind == Kind::kWriter;
  const int flags = writer ? O_RDWR | O_CREAT : O_RDONLY;
  UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC, 0644));
  // A store on read-only media may have lost its lock file; nobody can be writing to it.
  if (!fd && !writer && errno == ENOENT) return StoreLock();
  if (!fd) return Fail(errno, "{}", path.native());
  if (!TryUntil(fd.get(), writer ? LOCK_EX : LOCK_SH, timeout))
    return Fail(EBUSY, "{} is in use by {}", path.parent_path().native(), HolderOf(fd.get()));
  if (writer) {
    const std::string holder = fmt::format("pid {}, {}\n", getpid(), owner.empty() ? "?" : owner);
    // Only a message depends on it, so a full disk does not keep the store from opening.
    if (ftruncate(fd.get(), 0) == 0) (void)!pwrite(fd.get(), holder.data(), holder.size(), 0);
  }
  return StoreLock(std::move(fd), kind);
}

StoreLock::~StoreLock() {
  if (fd_ && kind_ == Kind::kWriter) (void)!ftruncate(fd_.get(), 0);
}

}  // namespace faultline::store
