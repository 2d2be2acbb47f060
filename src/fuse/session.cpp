// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/session.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/log.h"
#include "fuse/fuse_api.h"
#include "fuse/libfuse_arguments.h"
#include "fuse/operations.h"
#include "fuse/receive_buffer.h"
#include "fuse/waiting_calls.h"

namespace faultline::fuse {
namespace {

// Each page-cache writeback that is unanswered takes one of these slots, and readahead needs one.
constexpr unsigned kMaxBackground = 512;
constexpr unsigned kCongestionThreshold = 384;

// libfuse would print to a stderr that leads nowhere.
void LogFromLibfuse(fuse_log_level level, const char* format, va_list arguments) {
  char line[1024];
  std::vsnprintf(line, sizeof line, format, arguments);
  line[std::strcspn(line, "\n")] = '\0';
  if (level <= FUSE_LOG_ERR) return LogError("libfuse: {}", line);
  LogWarning("libfuse: {}", line);
}

}  // namespace

Session::Session(const SessionOptions& options, Server& server, KernelNotifier& notifier)
    : options_(options), server_(server), notifier_(notifier) {}

Result<std::unique_ptr<Session>> Session::Mount(const SessionOptions& options, Server& server,
                                                KernelNotifier& notifier) {
  std::unique_ptr<Session> session(new Session(options, server, notifier));
  session->end_fd_.Reset(eventfd(0, EFD_CLOEXEC));
  if (!session->end_fd_) return tl::unexpected<Error>(Error(errno, "eventfd"));
  FL_TRY(session->CreateLibfuse());
  FL_TRY(session->MountLibfuse());
  Session* self = session.get();
  self->workers_ = std::make_unique<WorkerPool>(
      fuse_session_fd(self->libfuse_), options.workers,
      [self](std::span<std::byte> request) { self->Serve(request); },
      [self] { eventfd_write(self->end_fd_.get(), 1); });
  notifier.Connect([libfuse = self->libfuse_](InodeId ino, ByteRange range) {
    // Length 0 is "to the end".
    const off_t size = range.end >= kEndOfFile ? 0 : static_cast<off_t>(range.Size());
    return -fuse_lowlevel_notify_inval_inode(libfuse, Raw(ino), static_cast<off_t>(range.begin),
                                             size);
  });
  return session;
}

Session::~Session() {
  notifier_.Disconnect();
  if (libfuse_ == nullptr) return;
  if (!mount_.mount_point.empty()) Unmount();
  if (workers_) workers_->Join();
  fuse_session_unmount(libfuse_);
  fuse_session_destroy(libfuse_);
}

Result<> Session::CreateLibfuse() {
  fuse_set_log_func(&LogFromLibfuse);
  LibfuseArguments arguments(options_);
  fuse_lowlevel_ops ops = Operations();
  ops.init = [](void* self, fuse_conn_info* connection) {
    static_cast<Session*>(self)->Configure(*connection);
  };
  libfuse_ = fuse_session_new(arguments.Get(), &ops, sizeof ops, this);
  if (libfuse_ == nullptr) return Fail(EINVAL, "libfuse does not take the mount options");
  return {};
}

Result<> Session::MountLibfuse() {
  errno = 0;
  if (fuse_session_mount(libfuse_, options_.mount_point.c_str()) != 0)
    return Fail(errno != 0 ? errno : EPERM, "cannot mount on {}", options_.mount_point);
  const fuse_custom_io hooks{
      .writev = &SendHook, .read = &ReadHook, .splice_receive = nullptr, .splice_send = nullptr};
  if (int error = fuse_session_custom_io(libfuse_, &hooks, fuse_session_fd(libfuse_)); error != 0)
    return Fail(-error, "fuse_session_custom_io");
  FL_ASSIGN_OR_RETURN(mount_, FindMount(options_.mount_point));
  return {};
}

void Session::Start() { workers_->Start(); }

Result<> Session::WaitForInit(std::chrono::nanoseconds timeout) {
  lock::MutexLock lock(mu_);
  if (init_changed_.WaitUntil(lock, timeout, [this] { return init_done_.load(); })) return {};
  return Fail(ETIMEDOUT, "the kernel did not begin to use {}", options_.mount_point);
}

void Session::Unmount() {
  Result<MountEntry> mount = FindMount(options_.mount_point);
  if (!mount || mount->device != mount_.device) return;
  // Not lazily at first: this way the kernel has written everything back when it returns.
  if (Result<> done = faultline::Unmount(options_.mount_point, false); done) return;
  LogInfo("{} is in use: unmounting it lazily", options_.mount_point);
  if (Result<> done = faultline::Unmount(options_.mount_point, true); !done)
    LogError("unmounting {}: {}", options_.mount_point, done.error().ToString());
}

// The connection's own file first: it works for whoever mounted. MNT_FORCE needs no fusectl, but
// root.
void Session::Abort() {
  const std::string path =
      "/sys/fs/fuse/connections/" + std::to_string(minor(mount_.device)) + "/abort";
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file && write(file.get(), "1", 1) == 1) return;
  if (umount2(options_.mount_point.c_str(), MNT_FORCE | MNT_DETACH) == 0) return;
  LogError("{} cannot be aborted ({}): the daemon ends", options_.mount_point,
           std::strerror(errno));
  std::_Exit(1);  // with it goes /dev/fuse, and with that the connection
}

void Session::Join() { workers_->Join(); }

Negotiation Session::Negotiated() const {
  lock::MutexLock lock(mu_);
  return init_.Result();
}

void Session::Serve(std::span<std::byte> request) {
  const std::optional<Message> message = Message::Parse(request);
  if (!message) return LogError("a request of {} bytes is not one", request.size());
  try {
    Process(*message, request);
  } catch (const std::bad_alloc&) {
    Refuse(*message, ENOMEM);
  }
}

// What a handler throws does not come out here: operations.h catches it on the near side of
// libfuse.
void Session::Process(const Message& message, std::span<std::byte> request) {
  fuse_buf buffer{};
  buffer.size = request.size();
  buffer.mem = request.data();
  if (message.Opcode() == FUSE_INIT) {
    {
      lock::MutexLock lock(mu_);
      init_.NoteRequest(message);
    }
    return fuse_session_process_buf(libfuse_, &buffer);
  }
  if (message.Opcode() == FUSE_INTERRUPT)
    return server_.waiting.Interrupt(message.Body<fuse_interrupt_in>().unique);
  const uint64_t horizon = message.Opcode() == FUSE_WRITE ? workers_->Horizon() : 0;
  CallScope scope(std::make_shared<Call>(server_, message, horizon));
  fuse_session_process_buf(libfuse_, &buffer);
}

void Session::Refuse(const Message& message, int error) {
  LogError("{} of inode {}: {}", OpcodeName(message.Opcode()), Raw(message.Ino()),
           std::strerror(error));
  if (message.Opcode() == FUSE_FORGET || message.Opcode() == FUSE_BATCH_FORGET) return;
  const fuse_out_header header{.len = sizeof header, .error = -error, .unique = message.Unique()};
  (void)!write(fuse_session_fd(libfuse_), &header, sizeof header);
}

// libfuse has taken its defaults; what it does not know is added to the reply (init_flags.h).
void Session::Configure(fuse_conn_info& connection) const {
  connection.max_background = kMaxBackground;
  connection.congestion_threshold = kCongestionThreshold;
  connection.max_write = kMaxWrite;
  connection.time_gran = 1;
  const unsigned wanted = FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_EXPORT_SUPPORT |
                          FUSE_CAP_ASYNC_DIO | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO |
                          (options_.writeback_cache ? unsigned{FUSE_CAP_WRITEBACK_CACHE} : 0u);
  connection.want |= wanted & connection.capable;
  // The first truncates without the inode lock; the second drops the cache after our own mtime.
  connection.want &= ~unsigned{FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_AUTO_INVAL_DATA};
}

ssize_t Session::Send(int fd, iovec* iov, int count) {
  if (!init_done_.load(std::memory_order_acquire)) return SendInitReply(fd, iov, count);
  return writev(fd, iov, count);
}

ssize_t Session::SendInitReply(int fd, iovec* iov, int count) {
  std::vector<std::byte> reply;
  for (int i = 0; i < count; ++i) {
    const auto* bytes = static_cast<const std::byte*>(iov[i].iov_base);
    reply.insert(reply.end(), bytes, bytes + iov[i].iov_len);
  }
  lock::MutexLock lock(mu_);
  if (!init_.PatchReply(reply)) LogError("the kernel's INIT was refused");
  const ssize_t sent = write(fd, reply.data(), reply.size());
  init_done_.store(true, std::memory_order_release);
  init_changed_.NotifyAll();
  return sent;
}

ssize_t Session::SendHook(int fd, iovec* iov, int count, void* session) {
  return static_cast<Session*>(session)->Send(fd, iov, count);
}

ssize_t Session::ReadHook(int fd, void* buffer, size_t size, void*) {
  return read(fd, buffer, size);
}

}  // namespace faultline::fuse
