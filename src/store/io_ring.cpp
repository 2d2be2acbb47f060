// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/io_ring.h"

#include <cerrno>

#include "base/check.h"

namespace faultline::store {

std::unique_ptr<IoRing> IoRing::Make() {
  std::unique_ptr<IoRing> ring(new IoRing);
  // Completions are ours alone to take, when we ask for them: no interrupts of the thread (6.1).
  constexpr unsigned kFlags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
  if (io_uring_queue_init(kDepth, &ring->ring_, kFlags) == 0) return ring;
  if (io_uring_queue_init(kDepth, &ring->ring_, 0) == 0) return ring;
  ring->ring_.ring_fd = -1;
  return nullptr;
}

IoRing* IoRing::OfThisThread() {
  static thread_local const std::unique_ptr<IoRing> ring = Make();
  return ring.get();
}

IoRing::~IoRing() {
  if (ring_.ring_fd >= 0) io_uring_queue_exit(&ring_);
}

// As many as there is room for; how many the kernel has taken.
size_t IoRing::Submit(int fd, std::span<const FileRead> reads, size_t first) {
  size_t end = first;
  for (; end < reads.size(); ++end) {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) break;
    const FileRead& read = reads[end];
    io_uring_prep_read(sqe, fd, read.out.data(), static_cast<unsigned>(read.out.size()),
                       read.offset);
    io_uring_sqe_set_data64(sqe, end);
  }
  return end;
}

// The memory belongs to the kernel until the last completion: an error does not end the loop.
Result<> IoRing::Read(int fd, std::span<const FileRead> reads, const ReadDone& done,
                      VolumeFile& again) {
  Result<> result;
  size_t submitted = 0;
  for (size_t finished = 0; finished < reads.size();) {
    if (submitted - finished < kDepth / 2) submitted = Submit(fd, reads, submitted);
    const int error = io_uring_submit_and_wait(&ring_, 1);
    FL_CHECK(error >= 0 || error == -EINTR || error == -EAGAIN || error == -EBUSY);
    io_uring_cqe* cqe = nullptr;
    while (io_uring_peek_cqe(&ring_, &cqe) == 0) {
      const size_t index = io_uring_cqe_get_data64(cqe);
      const FileRead& read = reads[index];
      const bool whole = cqe->res >= 0 && static_cast<size_t>(cqe->res) == read.out.size();
      io_uring_cqe_seen(&ring_, cqe);
      ++finished;
      if (!result) continue;
      result = done(index, whole ? Result<>() : again.Read(read.offset, read.out));
    }
  }
  return result;
}

}  // namespace faultline::store
