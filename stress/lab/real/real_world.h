// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/filesystem.h"
#include "lab/real/byte_history.h"
#include "lab/real/turn_scheduler.h"
#include "store/memory_store.h"
#include "support/fake_kernel_cache.h"

namespace faultline::lab {

// The real file system core over a store in memory, below a kernel with a page cache: one file of
// 'o's, and a second one of 'c's, on which the actors of a race work. What they see is judged at
// once; Judge looks at the end. One thread at a time, under a TurnScheduler.
class RealWorld {
 public:
  struct Shape {
    uint64_t pages = 4;
    bool page_by_page = false;  // as small blocks, which a commit moves
    uint64_t volume_blocks = 256;
  };
  struct Note {
    size_t turn;  // of the scheduler, when it was made
    std::string actor;
    std::string text;
  };

  RealWorld(TurnScheduler& scheduler, const Shape& shape);
  ~RealWorld();

  uint64_t Size() const { return shape_.pages * kBlockSize; }

  // --- what actors do. Offsets in bytes.
  char Load(uint64_t offset);  // '?' beyond the end
  ByteHistory::Id Store(uint64_t offset, char value);
  void WriteBack();
  void DropClean();
  void Commit();
  void Write(uint64_t offset, uint64_t size, char value);
  void WriteDirect(uint64_t offset, uint64_t size, char value);
  void ReadDirect(uint64_t offset);
  void Fallocate(int mode, ByteRange range);
  void Truncate(uint64_t size);
  void Copy(uint64_t offset, uint64_t size);
  void FillOther(uint64_t offset, uint64_t pages);
  void Unlink();
  // Loads, and if that is new stores on top of it and flushes.
  void Follow(uint64_t offset, char value);

  // --- the end: cache and store agree, and show what may be seen.
  void Judge();
  const std::optional<std::string>& failure() const { return failure_; }
  const std::vector<Note>& notes() const { return notes_; }

 private:
  void Say(std::string text);
  void Fail(std::string why);
  void CheckError(int error, std::string_view call);
  void CheckByte(uint64_t offset, char value, uint64_t begin);
  std::string Stored(InodeId ino, uint64_t offset);
  void JudgeByte(uint64_t offset);

  TurnScheduler& scheduler_;
  const Shape shape_;
  store::MemoryStore store_;
  test::FakeKernelCache kernel_;
  std::unique_ptr<fs::Filesystem> fs_;
  InodeId ino_{};
  InodeId other_{};
  ByteHistory history_;
  std::optional<std::string> failure_;
  std::vector<Note> notes_;
};

}  // namespace faultline::lab
