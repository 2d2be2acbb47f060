// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/test_point.h"
#include "store/memory_store.h"
#include "support/fake_kernel_cache.h"

namespace faultline::test {

// A file system on a memory store below a kernel with a page cache.
struct KernelMount {
  explicit KernelMount(const store::MemoryStore::Options& options = {.manual_commit = true})
      : store(options) {
    auto opened = fs::Filesystem::Open(store, kernel, {});
    FL_CHECK(opened, "{}", opened.error().ToString());
    fs = *std::move(opened);
    kernel.Connect(fs.get());
  }
  ~KernelMount() {
    test_point::Reset();
    kernel.StopNotifier();
    FL_CHECK(fs->Shutdown());
  }

  InodeId MakeFile(std::string_view name) {
    Result<fs::Attributes> made = fs->Create({}, kRootInode, name, 0644);
    FL_CHECK(made);
    kernel.Open(made->ino, 0);
    return made->ino;
  }
  // What the file system has, whatever the kernel caches.
  std::string Stored(InodeId ino, ByteRange range) {
    Result<fs::ReadReply> reply = fs->Read(ino, range, fs::ReadKind::kDirect);
    FL_CHECK(reply);
    return {reinterpret_cast<const char*>(reply->Bytes().data()), reply->Bytes().size()};
  }

  store::MemoryStore store;
  FakeKernelCache kernel;
  std::unique_ptr<fs::Filesystem> fs;
};

// Runs `body` in a thread until it reaches `point` and holds it there; Join lets it go on.
template <typename Body>
class HeldAt {
 public:
  HeldAt(std::string_view point, Body body) : point_(point) {
    test_point::Arm(point_, test_point::Action::Block().Once());
    thread_ = std::async(std::launch::async, std::move(body));
    FL_CHECK(test_point::WaitUntilHit(point_), "{} is never reached", point_);
  }
  ~HeldAt() {
    if (thread_.valid()) (void)Join();
  }
  void LetGo() { test_point::Release(point_); }
  auto Join() {
    LetGo();
    FL_CHECK(thread_.wait_for(std::chrono::seconds(60)) == std::future_status::ready,
             "the thread held at {} does not end", point_);
    return thread_.get();
  }

 private:
  const std::string point_;
  std::future<std::invoke_result_t<Body>> thread_;
};

}  // namespace faultline::test
