// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "fs/filesystem.h"
#include "lock/hierarchy.h"
#include "lock/thread.h"

namespace faultline::test {

// The kernel client's page cache in process, with the system calls on top of it, as far as races
// between them matter (write-through mode, kernels that write the folio itself back):
//
//   fault        the page is locked while its READ is unanswered
//   store        waits for the page's lock and its writeback, then it is dirty; no request
//   writeback    one WRITE a page, cropped to i_size; the page is under writeback until the answer
//   invalidation locks page by page, writes it back if dirty, waits, drops it
//   truncate     closes the NOWRITE gate over SETATTR(size), then drops
//   punch, zero  flush, FALLOCATE, then the range is dropped without writing
//   direct write flush and drop, WRITE, drop
//
// System calls that change a file hold its i_rwsem. Every request declares the kernel locks of its
// sender, so the validator sees what it would see below FUSE. Errors are errnos, 0 is success.
// Thread-safe. Every wait has a limit, beyond which the test dies.
class FakeKernelCache final : public fs::KernelCache {
 public:
  FakeKernelCache() = default;
  ~FakeKernelCache() override;

  void Connect(fs::Filesystem* filesystem) { fs_ = filesystem; }
  // What the kernel learned from LOOKUP or CREATE.
  void Open(InodeId ino, uint64_t size);

  // --- notifications: run by hand, or by a thread from StartNotifier on.
  void Invalidate(InodeId ino, ByteRange range, std::function<void()> done) override;
  bool RunOne();  // false: nothing is queued
  size_t Queued() const;
  size_t Invalidations() const;  // ever asked for
  void AwaitQueued();            // until something is
  void StartNotifier();
  void StopNotifier();

  // --- mappings: inside one page. EFAULT stands for SIGBUS.
  Result<std::string> Load(InodeId ino, uint64_t offset, uint64_t size);
  int Store(InodeId ino, uint64_t offset, std::string_view bytes);
  // sync_file_range.
  void WriteBack(InodeId ino, ByteRange range);
  // Memory pressure: clean pages go.
  void DropClean(InodeId ino, ByteRange range);
  bool IsCached(InodeId ino, uint64_t offset) const;

  // --- system calls
  int Write(InodeId ino, uint64_t offset, std::string_view bytes);
  int WriteDirect(InodeId ino, uint64_t offset, std::string_view bytes);
  Result<std::string> ReadDirect(InodeId ino, ByteRange range);
  int Truncate(InodeId ino, uint64_t size);
  int Fallocate(InodeId ino, int mode, ByteRange range);
  Result<size_t> Copy(InodeId in, uint64_t in_offset, InodeId out, uint64_t out_offset,
                      uint64_t size);
  uint64_t Size(InodeId ino) const;

 private:
  struct Page {
    std::array<char, kBlockSize> bytes{};
    bool locked = false;
    bool dirty = false;
    bool writeback = false;
    bool sent = false;  // in an unanswered WRITE, whose reference keeps reclaim away
  };
  struct File {
    uint64_t size = 0;
    bool rwsem = false;    // held
    bool nowrite = false;  // the gate is closed
    int writes = 0;        // page-cache writeback in flight
    std::map<uint64_t, std::shared_ptr<Page>> pages;
  };
  struct Order {
    InodeId ino;
    ByteRange range;
    std::function<void()> done;
  };
  using Guard = std::unique_lock<std::mutex>;
  class Rwsem;
  // A condition variable that a deterministic scheduler can drive.
  class Event {
   public:
    void notify_all();
    // False: not within a minute. Under a scheduler that is for it to find out.
    template <typename Condition>
    bool Await(Guard& guard, Condition condition);

   private:
    std::condition_variable changed_;
  };

  File& FileOf(InodeId ino) { return files_.at(ino); }
  template <typename Condition>
  void Await(Guard& guard, Condition condition);
  // Sends a request that ends in a completion, and waits for it. No lock is held.
  template <typename T, typename Call>
  Result<T> Send(Guard& guard, const char* name, std::initializer_list<lock::LockClass> held,
                 InodeId ino, Call call);

  // Null: EFAULT or EIO, see `error`. Otherwise unlocked and up to date.
  std::shared_ptr<Page> Fault(Guard& guard, InodeId ino, uint64_t page, int* error);
  void WriteBackPage(Guard& guard, InodeId ino, uint64_t index, const std::shared_ptr<Page>& page);
  void Flush(Guard& guard, InodeId ino, ByteRange range);
  void InvalidatePages(Guard& guard, InodeId ino, ByteRange range);
  // Drops without writing; zeros what is cached of a page that is only partly in the range.
  void TruncatePages(Guard& guard, InodeId ino, ByteRange range);

  fs::Filesystem* fs_ = nullptr;
  mutable std::mutex mu_;
  Event changed_;
  std::map<InodeId, File> files_;  // guarded by mu_, as all below
  std::deque<Order> orders_;
  size_t invalidations_ = 0;
  std::set<uint64_t> outstanding_;  // requests without an answer
  uint64_t last_unique_ = 0;
  bool stop_ = false;
  lock::Thread notifier_;
};

}  // namespace faultline::test
