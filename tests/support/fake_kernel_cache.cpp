// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_kernel_cache.h"

#include <linux/falloc.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>

#include "base/check.h"
#include "lock/held_locks.h"
#include "lock/scheduler.h"
#include "lock/validator.h"

namespace faultline::test {
namespace {

using lock::LockClass;

constexpr std::chrono::seconds kPatience{60};

uint64_t PageOf(uint64_t offset) { return offset / kBlockSize; }
ByteRange BytesOfPage(uint64_t page) { return {page * kBlockSize, (page + 1) * kBlockSize}; }

std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

template <typename T>
int ErrnoOf(const Result<T>& result) {
  return result ? 0 : result.error().code();
}

}  // namespace

// i_rwsem of one inode, exclusively.
class FakeKernelCache::Rwsem {
 public:
  Rwsem(FakeKernelCache& kernel, Guard& guard, InodeId ino)
      : kernel_(kernel), guard_(guard), file_(kernel.FileOf(ino)) {
    kernel_.Await(guard_, [&] { return !file_.rwsem; });
    file_.rwsem = true;
  }
  ~Rwsem() {
    file_.rwsem = false;
    kernel_.changed_.notify_all();
  }

 private:
  FakeKernelCache& kernel_;
  Guard& guard_;
  File& file_;
};

FakeKernelCache::~FakeKernelCache() { StopNotifier(); }

void FakeKernelCache::Open(InodeId ino, uint64_t size) {
  Guard guard(mu_);
  files_[ino].size = size;
}

void FakeKernelCache::Event::notify_all() {
  changed_.notify_all();
  if (lock::Scheduler* scheduler = lock::ActiveScheduler()) scheduler->Wake(this, true);
}

template <typename Condition>
bool FakeKernelCache::Event::Await(Guard& guard, Condition condition) {
  lock::Scheduler* scheduler = lock::ActiveScheduler();
  if (scheduler == nullptr) return changed_.wait_for(guard, kPatience, condition);
  while (!condition()) {
    guard.unlock();
    scheduler->Block(this);
    guard.lock();
  }
  return true;
}

template <typename Condition>
void FakeKernelCache::Await(Guard& guard, Condition condition) {
  FL_CHECK(changed_.Await(guard, condition), "the kernel waits for ever");
}

template <typename T, typename Call>
Result<T> FakeKernelCache::Send(Guard& guard, const char* name,
                                std::initializer_list<LockClass> held, InodeId ino, Call call) {
  const uint64_t unique = last_unique_ += 2;
  outstanding_.insert(unique);
  const fs::Request request{.unique = unique, .horizon = *outstanding_.begin()};
  guard.unlock();
  std::optional<Result<T>> answer;
  lock::RequestContext context(unique, 0, 1, name);
  {
    lock::RequestScope scope(context);
    for (LockClass held_class : held) lock::KernelHeld({held_class}, Raw(ino));
    call(request, [&](Result<T> result) {
      Guard inside(mu_);
      answer = std::move(result);
      changed_.notify_all();
    });
    Guard inside(mu_);
    if (!answer) context.Park("waits for its completion");
  }
  guard.lock();
  Await(guard, [&] { return answer.has_value(); });
  outstanding_.erase(unique);
  return *std::move(answer);
}

// --- notifications

void FakeKernelCache::Invalidate(InodeId ino, ByteRange range, std::function<void()> done) {
  Guard guard(mu_);
  orders_.push_back({ino, range, std::move(done)});
  ++invalidations_;
  changed_.notify_all();
}

bool FakeKernelCache::RunOne() {
  Guard guard(mu_);
  if (orders_.empty()) return false;
  const Order order = std::move(orders_.front());
  orders_.pop_front();
  lock::TakesInKernel({LockClass::kFolio, LockClass::kWriteback}, "inval_inode");
  InvalidatePages(guard, order.ino, order.range);
  guard.unlock();
  order.done();
  return true;
}

size_t FakeKernelCache::Queued() const {
  Guard guard(mu_);
  return orders_.size();
}

size_t FakeKernelCache::Invalidations() const {
  Guard guard(mu_);
  return invalidations_;
}

void FakeKernelCache::AwaitQueued() {
  Guard guard(mu_);
  Await(guard, [this] { return !orders_.empty(); });
}

void FakeKernelCache::StartNotifier() {
  const auto body = [this] {
    for (;;) {
      {
        Guard guard(mu_);
        while (!stop_ && orders_.empty())
          (void)changed_.Await(guard, [this] { return stop_ || !orders_.empty(); });
        if (orders_.empty()) return;
      }
      RunOne();
    }
  };
  notifier_ = lock::Thread("notifier", body, lock::ThreadRole::kKernelSide);
}

void FakeKernelCache::StopNotifier() {
  {
    Guard guard(mu_);
    stop_ = true;
    changed_.notify_all();
  }
  if (notifier_.Joinable()) notifier_.Join();
  stop_ = false;
}

// --- pages

std::shared_ptr<FakeKernelCache::Page> FakeKernelCache::Fault(Guard& guard, InodeId ino,
                                                              uint64_t index, int* error) {
  File& file = FileOf(ino);
  for (;;) {
    auto found = file.pages.find(index);
    if (found != file.pages.end()) {
      const std::shared_ptr<Page> page = found->second;
      if (!page->locked) return page;
      Await(guard, [&] { return !page->locked; });
      continue;
    }
    auto page = std::make_shared<Page>();
    page->locked = true;
    file.pages[index] = page;
    const Result<std::string> read = Send<std::string>(
        guard, "READ", {LockClass::kMmapLock, LockClass::kFolio}, ino,
        [&](const fs::Request&, auto done) {
          Result<fs::ReadReply> reply =
              fs_->Read(ino, BytesOfPage(index), fs::ReadKind::kPageCache);
          if (!reply) return done(tl::unexpected<Error>(reply.error()));
          const auto bytes = reply->Bytes();
          done(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
        });
    if (read) std::copy(read->begin(), read->end(), page->bytes.begin());
    page->locked = false;
    changed_.notify_all();
    if (read) continue;
    file.pages.erase(index);
    *error = read.error().code();
    return nullptr;
  }
}

// The page is dirty, not under writeback, and may be locked by the caller.
void FakeKernelCache::WriteBackPage(Guard& guard, InodeId ino, uint64_t index,
                                    const std::shared_ptr<Page>& page) {
  File& file = FileOf(ino);
  page->dirty = false;
  page->writeback = true;
  Await(guard, [&] { return !file.nowrite; });
  const ByteRange range = BytesOfPage(index).Intersect({0, file.size});
  if (!range.Empty()) {
    ++file.writes;
    (void)Send<size_t>(guard, "WRITE(writeback)",
                       {LockClass::kInodeRwsem, LockClass::kMmapLock, LockClass::kWriteback}, ino,
                       [&](const fs::Request& request, auto done) {
                         const std::string_view bytes(page->bytes.data(), range.Size());
                         fs_->Write(request, ino, fs::WriteKind::kWriteback, range.begin,
                                    BytesOf(bytes), false, std::move(done));
                       });
    --file.writes;
  }
  page->writeback = false;
  changed_.notify_all();
}

void FakeKernelCache::Flush(Guard& guard, InodeId ino, ByteRange range) {
  File& file = FileOf(ino);
  for (uint64_t at = PageOf(range.begin);;) {
    auto found = file.pages.lower_bound(at);
    if (found == file.pages.end() || found->first * kBlockSize >= range.end) return;
    const uint64_t index = found->first;
    const std::shared_ptr<Page> page = found->second;
    at = index + 1;
    if (!page->dirty && !page->writeback) continue;
    Await(guard, [&] { return !page->locked && !page->writeback; });
    const bool dropped = !file.pages.contains(index) || file.pages[index] != page;
    if (!dropped && page->dirty) WriteBackPage(guard, ino, index, page);
  }
}

void FakeKernelCache::InvalidatePages(Guard& guard, InodeId ino, ByteRange range) {
  File& file = FileOf(ino);
  for (uint64_t at = PageOf(range.begin);;) {
    auto found = file.pages.lower_bound(at);
    if (found == file.pages.end() || found->first * kBlockSize >= range.end) return;
    const uint64_t index = found->first;
    const std::shared_ptr<Page> page = found->second;
    at = index + 1;
    Await(guard, [&] { return !page->locked; });
    if (!file.pages.contains(index) || file.pages[index] != page) continue;
    page->locked = true;
    Await(guard, [&] { return !page->writeback; });
    if (page->dirty) WriteBackPage(guard, ino, index, page);
    file.pages.erase(index);
    page->locked = false;
    changed_.notify_all();
  }
}

void FakeKernelCache::TruncatePages(Guard& guard, InodeId ino, ByteRange range) {
  File& file = FileOf(ino);
  for (uint64_t at = PageOf(range.begin);;) {
    auto found = file.pages.lower_bound(at);
    if (found == file.pages.end() || found->first * kBlockSize >= range.end) return;
    const uint64_t index = found->first;
    const std::shared_ptr<Page> page = found->second;
    at = index + 1;
    Await(guard, [&] { return !page->locked && !page->writeback; });
    if (!file.pages.contains(index) || file.pages[index] != page) continue;
    const ByteRange part = range.Intersect(BytesOfPage(index));
    if (part.Size() == kBlockSize)
      file.pages.erase(index);
    else
      std::fill_n(page->bytes.begin() + static_cast<ptrdiff_t>(part.begin % kBlockSize),
                  part.Size(), '\0');
    changed_.notify_all();
  }
}

// --- mappings

Result<std::string> FakeKernelCache::Load(InodeId ino, uint64_t offset, uint64_t size) {
  Guard guard(mu_);
  File& file = FileOf(ino);
  if (offset + size > file.size) return Fail(EFAULT);
  int error = 0;
  const std::shared_ptr<Page> page = Fault(guard, ino, PageOf(offset), &error);
  if (!page) return Fail(error);
  if (offset + size > file.size) return Fail(EFAULT);
  return std::string(page->bytes.data() + offset % kBlockSize, size);
}

int FakeKernelCache::Store(InodeId ino, uint64_t offset, std::string_view bytes) {
  Guard guard(mu_);
  File& file = FileOf(ino);
  for (;;) {
    if (offset + bytes.size() > file.size) return EFAULT;
    int error = 0;
    const std::shared_ptr<Page> page = Fault(guard, ino, PageOf(offset), &error);
    if (!page) return error;
    if (page->writeback) {
      Await(guard, [&] { return !page->writeback; });
      continue;
    }
    if (offset + bytes.size() > file.size) continue;
    std::copy(bytes.begin(), bytes.end(),
              page->bytes.begin() + static_cast<ptrdiff_t>(offset % kBlockSize));
    page->dirty = true;
    return 0;
  }
}

void FakeKernelCache::WriteBack(InodeId ino, ByteRange range) {
  Guard guard(mu_);
  Flush(guard, ino, range);
}

void FakeKernelCache::DropClean(InodeId ino, ByteRange range) {
  Guard guard(mu_);
  std::erase_if(FileOf(ino).pages, [&](const auto& entry) {
    const Page& page = *entry.second;
    return range.Overlaps(BytesOfPage(entry.first)) && !page.locked && !page.dirty &&
           !page.writeback && !page.sent;
  });
}

bool FakeKernelCache::IsCached(InodeId ino, uint64_t offset) const {
  Guard guard(mu_);
  return files_.at(ino).pages.contains(PageOf(offset));
}

uint64_t FakeKernelCache::Size(InodeId ino) const {
  Guard guard(mu_);
  return files_.at(ino).size;
}

// --- system calls

// A page that is cached, or covered as a whole, takes the bytes before they are sent. Another one
// stays out of the cache, but is locked meanwhile.
int FakeKernelCache::Write(InodeId ino, uint64_t offset, std::string_view bytes) {
  Guard guard(mu_);
  Rwsem rwsem(*this, guard, ino);
  File& file = FileOf(ino);
  const auto range = ByteRange::OfSize(offset, bytes.size());
  std::vector<std::shared_ptr<Page>> locked;
  std::vector<std::shared_ptr<Page>> sent;
  for (uint64_t index = PageOf(range.begin); index <= PageOf(range.end - 1); ++index) {
    const ByteRange part = range.Intersect(BytesOfPage(index));
    std::shared_ptr<Page> page;
    for (;;) {
      auto found = file.pages.find(index);
      page = found == file.pages.end() ? nullptr : found->second;
      if (!page || (!page->locked && !page->writeback)) break;
      Await(guard, [&] { return !page->locked && !page->writeback; });
    }
    if (!page) {
      page = file.pages[index] = std::make_shared<Page>();
      if (part.Size() != kBlockSize) {
        page->locked = true;
        locked.push_back(page);
      }
    }
    page->sent = true;
    sent.push_back(page);
    std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(part.begin - range.begin), part.Size(),
                page->bytes.begin() + static_cast<ptrdiff_t>(part.begin % kBlockSize));
  }
  const Result<size_t> written =
      Send<size_t>(guard, "WRITE", {LockClass::kInodeRwsem, LockClass::kFolio}, ino,
                   [&](const fs::Request& request, auto done) {
                     fs_->Write(request, ino, fs::WriteKind::kBuffered, offset, BytesOf(bytes),
                                false, std::move(done));
                   });
  if (written) file.size = std::max(file.size, range.end);
  for (const auto& page : sent) page->sent = false;
  for (const auto& page : locked) {
    page->locked = false;
    std::erase_if(file.pages, [&](const auto& entry) { return entry.second == page; });
  }
  changed_.notify_all();
  return ErrnoOf(written);
}

int FakeKernelCache::WriteDirect(InodeId ino, uint64_t offset, std::string_view bytes) {
  Guard guard(mu_);
  Rwsem rwsem(*this, guard, ino);
  const auto range = ByteRange::OfSize(offset, bytes.size());
  Flush(guard, ino, range.RoundOut());
  InvalidatePages(guard, ino, range.RoundOut());
  const Result<size_t> written =
      Send<size_t>(guard, "WRITE(direct)", {LockClass::kInodeRwsem}, ino,
                   [&](const fs::Request& request, auto done) {
                     fs_->Write(request, ino, fs::WriteKind::kDirect, offset, BytesOf(bytes), false,
                                std::move(done));
                   });
  if (written) FileOf(ino).size = std::max(FileOf(ino).size, range.end);
  InvalidatePages(guard, ino, range.RoundOut());
  return ErrnoOf(written);
}

Result<std::string> FakeKernelCache::ReadDirect(InodeId ino, ByteRange range) {
  Guard guard(mu_);
  Flush(guard, ino, range.RoundOut());
  return Send<std::string>(guard, "READ(direct)", {}, ino, [&](const fs::Request&, auto done) {
    Result<fs::ReadReply> reply = fs_->Read(ino, range, fs::ReadKind::kDirect);
    if (!reply) return done(tl::unexpected<Error>(reply.error()));
    const auto bytes = reply->Bytes();
    done(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  });
}

int FakeKernelCache::Truncate(InodeId ino, uint64_t size) {
  Guard guard(mu_);
  Rwsem rwsem(*this, guard, ino);
  File& file = FileOf(ino);
  file.nowrite = true;
  Await(guard, [&] { return file.writes == 0; });
  const Result<fs::Attributes> changed =
      Send<fs::Attributes>(guard, "SETATTR", {LockClass::kInodeRwsem, LockClass::kNowrite}, ino,
                           [&](const fs::Request& request, auto done) {
                             fs::AttributeChange change;
                             change.size = size;
                             done(fs_->SetAttributes(request, ino, change));
                           });
  const uint64_t old_size = file.size;
  if (changed) file.size = changed->size;
  file.nowrite = false;
  changed_.notify_all();
  if (file.size != old_size) {
    TruncatePages(guard, ino, {file.size, kEndOfFile});
    InvalidatePages(guard, ino, {0, kEndOfFile});
  }
  return ErrnoOf(changed);
}

int FakeKernelCache::Fallocate(InodeId ino, int mode, ByteRange range) {
  Guard guard(mu_);
  Rwsem rwsem(*this, guard, ino);
  File& file = FileOf(ino);
  const bool kills = (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0;
  if (kills) {
    Flush(guard, ino, {range.begin, kEndOfFile});
    Await(guard, [&] { return file.writes == 0; });
  }
  const Result<> done =
      Send<void>(guard, "FALLOCATE", {LockClass::kInodeRwsem}, ino,
                 [&](const fs::Request& request, auto completion) {
                   fs_->Fallocate(request, ino, mode, range, std::move(completion));
                 });
  if (!done) return done.error().code();
  if ((mode & FALLOC_FL_KEEP_SIZE) == 0) file.size = std::max(file.size, range.end);
  if (kills) TruncatePages(guard, ino, range);
  return 0;
}

Result<size_t> FakeKernelCache::Copy(InodeId in, uint64_t in_offset, InodeId out,
                                     uint64_t out_offset, uint64_t size) {
  Guard guard(mu_);
  const auto range = ByteRange::OfSize(out_offset, size);
  Flush(guard, in, ByteRange::OfSize(in_offset, size));
  Rwsem rwsem(*this, guard, out);
  Flush(guard, out, range);
  Result<size_t> copied = Send<size_t>(guard, "COPY_FILE_RANGE", {LockClass::kInodeRwsem}, out,
                                       [&](const fs::Request& request, auto done) {
                                         fs_->CopyFileRange(request, in, in_offset, out, out_offset,
                                                            size, std::move(done));
                                       });
  if (!copied) return copied;
  FileOf(out).size = std::max(FileOf(out).size, out_offset + *copied);
  TruncatePages(guard, out, ByteRange::OfSize(out_offset, *copied).RoundOut());
  return copied;
}

}  // namespace faultline::test
