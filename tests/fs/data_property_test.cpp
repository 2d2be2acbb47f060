// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <random>
#include <string>

#include "support/mounted_filesystem.h"
#include "support/random_seed.h"

// Two files against two byte arrays, under every operation on data, failing calls, a nearly full
// volume, eviction, commits and crashes. One thread, so every difference is a wrong answer.
namespace faultline::test {
namespace {

using store::MemoryStore;

// One and a half chunks, so operations cross a chunk boundary.
constexpr uint64_t kSpan = 96 * kBlockSize;
constexpr size_t kFiles = 2;

class DataProperty {
 public:
  DataProperty(uint64_t seed, uint64_t operations) : random_(seed), operations_(operations) {}

  void Run() {
    StartOver();
    for (uint64_t i = 0; i < operations_ && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(i);
      if (i % 20'000 == 19'999) StartOver();
      Step();
      if (i % 16 == 0) CheckBooks();
      if (i % 256 == 0) CheckContents();
    }
    CheckBooks();
    CheckContents();
    EXPECT_GT(refused_, 0u) << "the volume was never full";
    EXPECT_GT(failed_, 0u) << "no injected failure was ever met";
  }

 private:
  uint64_t Below(uint64_t limit) {
    return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random_);
  }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  size_t File() { return Below(kFiles); }

  // Mostly short, sometimes most of the file; half of the time of whole blocks.
  ByteRange Range() {
    const uint64_t longest = OneIn(8) ? kSpan : OneIn(2) ? 20 * kBlockSize : 2 * kBlockSize;
    const uint64_t size = 1 + Below(longest);
    const uint64_t begin = Below(kSpan - std::min(size, kSpan - 1));
    const ByteRange range{begin, std::min(begin + size, kSpan)};
    return OneIn(2) ? range.RoundOut() : range;
  }

  void StartOver() {
    MountedFilesystem::Options options;
    options.store.volume_blocks = fresh_++ == 0 ? 150 : 150 + Below(400);  // full at least once
    options.store.reserve_blocks = 8 + Below(24);
    options.store.manual_commit = true;
    mounted_ = std::make_unique<MountedFilesystem>(options);
    for (size_t file = 0; file < kFiles; ++file) {
      ino_[file] = mounted_->MakeFile(Name(file));
      now_[file].clear();
    }
    ASSERT_TRUE(mounted_->store().Commit());
    durable_ = now_;
    commits_ = Commits();
  }

  static std::string Name(size_t file) { return "file" + std::to_string(file); }
  uint64_t Commits() { return mounted_->store().Commits().commits; }

  // An operation publishes in one step at its end; a commit in between (to make room) holds what
  // was there before it.
  void Step() {
    const auto before = now_;
    const bool inject = OneIn(12);
    if (inject) Inject();
    Operation();
    if (inject) mounted_->store().FailCalls(injected_, 0, 0, 0);
    if (Commits() != commits_) durable_ = committed_now_ ? now_ : before;
    commits_ = Commits();
    committed_now_ = false;
  }

  void Inject() {
    constexpr std::array kCalls{MemoryStore::Call::kLookup,    MemoryStore::Call::kReadVolume,
                                MemoryStore::Call::kReadSmall, MemoryStore::Call::kWriteVolume,
                                MemoryStore::Call::kAllocate,  MemoryStore::Call::kWaitForRoom};
    injected_ = kCalls[Below(kCalls.size())];
    mounted_->store().FailCalls(injected_, EIO, Below(4));
  }

  void Operation() {
    switch (Below(40)) {
      case 0: return Commit();
      case 1: return OneIn(8) ? Crash() : Commit();
      case 2: return Evict();
      case 3: return Fsync();
      case 4:
      case 5:
      case 6: return Truncate();
      case 7:
      case 8:
      case 9: return Punch();
      case 10:
      case 11: return Zero();
      case 12:
      case 13: return Preallocate();
      case 14:
      case 15: return Copy();
      case 16:
      case 17: return Seek();
      case 18:
      case 19:
      case 20:
      case 21:
      case 22:
      case 23: return Read();
      default: return Write();
    }
  }

  // True when the operation took place. An error must be one that was asked for.
  bool Done(int error) {
    if (error == 0) return true;
    if (error == EIO) ++failed_;
    if (error == ENOSPC) ++refused_;
    EXPECT_TRUE(error == EIO || error == ENOSPC) << strerror(error);
    return false;
  }

  void Write() {
    const size_t file = File();
    const ByteRange range = Range();
    std::string padded(range.Size() + 1, static_cast<char>(1 + Below(255)));
    for (size_t i = 0; i < padded.size(); i += 1 + Below(999))
      padded[i] = static_cast<char>(Below(256));
    const std::string_view data = std::string_view(padded).substr(1);  // unaligned memory
    constexpr std::array kKinds{fs::WriteKind::kBuffered, fs::WriteKind::kDirect,
                                fs::WriteKind::kWriteback};
    const fs::WriteKind kind = kKinds[Below(kKinds.size())];
    if (!Done(mounted_->Write(ino_[file], range.begin, data, kind))) return;
    std::string& now = now_[file];
    // Late page-cache writeback does not grow a file.
    const uint64_t end =
        kind == fs::WriteKind::kWriteback ? std::min(range.end, now.size()) : range.end;
    if (end <= range.begin) return;
    if (now.size() < end) now.resize(end);
    now.replace(range.begin, end - range.begin, data.substr(0, end - range.begin));
  }

  void Read() {
    const size_t file = File();
    const ByteRange range = Range();
    const auto kind = OneIn(2) ? fs::ReadKind::kDirect : fs::ReadKind::kPageCache;
    const Result<std::string> read = mounted_->TryRead(ino_[file], range, kind);
    if (!Done(ErrnoOf(read))) return;
    const std::string& now = now_[file];
    const std::string expected =
        range.begin < now.size() ? now.substr(range.begin, range.Size()) : std::string();
    EXPECT_TRUE(*read == expected)
        << "file " << file << " [" << range.begin << ", " << range.end << ")";
  }

  void Truncate() {
    const size_t file = File();
    const uint64_t size = OneIn(2) ? Below(kSpan) : Below(97) * kBlockSize;
    if (Done(mounted_->Truncate(ino_[file], size))) now_[file].resize(size);
  }

  void ZeroModel(size_t file, ByteRange range) {
    const ByteRange inside = range.Intersect({0, now_[file].size()});
    std::fill_n(now_[file].begin() + static_cast<ptrdiff_t>(inside.begin), inside.Size(), '\0');
  }
  void GrowModel(size_t file, uint64_t size) {
    if (now_[file].size() < size) now_[file].resize(size);
  }

  void Punch() {
    const size_t file = File();
    const ByteRange range = Range();
    if (Done(mounted_->Punch(ino_[file], range))) ZeroModel(file, range);
  }

  void Zero() {
    const size_t file = File();
    const ByteRange range = Range();
    const bool keep_size = OneIn(2);
    if (!Done(mounted_->Zero(ino_[file], range, keep_size))) return;
    ZeroModel(file, range);
    if (!keep_size) GrowModel(file, range.end);
  }

  void Preallocate() {
    const size_t file = File();
    const ByteRange range = Range();
    const bool keep_size = OneIn(2);
    if (Done(mounted_->Fallocate(ino_[file], keep_size ? FALLOC_FL_KEEP_SIZE : 0, range)) &&
        !keep_size)
      GrowModel(file, range.end);
  }

  void Copy() {
    const size_t in = File();
    const size_t out = 1 - in;
    const ByteRange target = Range();
    const uint64_t offset = OneIn(4) ? Below(kSpan) : Below(96) * kBlockSize;
    const Result<size_t> copied =
        mounted_->Copy(ino_[in], offset, ino_[out], target.begin, target.Size());
    if (!copied && copied.error().code() == EOPNOTSUPP) {
      EXPECT_TRUE(offset % kBlockSize != 0 || target.begin % kBlockSize != 0 ||
                  std::min(target.Size(), now_[in].size() - offset) % kBlockSize != 0);
      return;
    }
    if (!Done(ErrnoOf(copied)) || *copied == 0) return;
    GrowModel(out, target.begin + *copied);
    now_[out].replace(target.begin, *copied, now_[in], offset, *copied);
  }

  // What is called a hole reads as zeros; data may be zeros, too.
  void Seek() {
    const size_t file = File();
    const std::string& now = now_[file];
    const uint64_t offset = Below(kSpan);
    const Result<uint64_t> data = (*mounted_)->Seek(ino_[file], offset, SEEK_DATA);
    if (!data && data.error().code() == EIO) return;
    const uint64_t end = data ? *data : now.size();
    if (offset >= now.size()) {
      EXPECT_EQ(ErrnoOf(data), ENXIO);
      return;
    }
    EXPECT_TRUE(offset <= end && end <= now.size());
    EXPECT_EQ(now.substr(offset, end - offset).find_first_not_of('\0'), std::string::npos);
    const Result<uint64_t> hole = (*mounted_)->Seek(ino_[file], offset, SEEK_HOLE);
    if (!hole && hole.error().code() == EIO) return;
    ASSERT_TRUE(hole);
    EXPECT_TRUE(offset <= *hole && *hole <= now.size());
    EXPECT_TRUE(end == offset || *hole == offset) << "neither data nor hole";
  }

  void Commit() {
    committed_now_ = mounted_->store().Commit().has_value();
    EXPECT_TRUE(committed_now_);
  }

  void Fsync() {
    const size_t file = File();
    const int error = mounted_->Fsync(ino_[file]);
    if (Done(error)) committed_now_ = true;
  }

  void Crash() {
    mounted_->store().FailCalls(injected_, 0, 0, 0);
    mounted_->Crash();
    now_ = durable_;
    commits_ = Commits();
    Reopen();
    CheckBooks();
    CheckContents();
  }

  void Reopen() {
    for (size_t file = 0; file < kFiles; ++file)
      ASSERT_EQ(ErrnoOf((*mounted_)->Lookup(kRootInode, Name(file))), 0);
  }

  void Evict() {
    mounted_->store().FailCalls(injected_, 0, 0, 0);
    for (size_t file = 0; file < kFiles; ++file) (*mounted_)->Forget(ino_[file], 1000);
    Reopen();
  }

  void CheckBooks() {
    for (size_t file = 0; file < kFiles; ++file) {
      const fs::Attributes attributes = mounted_->Stat(ino_[file]);
      ASSERT_EQ(attributes.size, now_[file].size());
      ASSERT_EQ(attributes.blocks, mounted_->MappedBlocks(ino_[file]));
    }
    ASSERT_EQ(mounted_->store().LeakedBlocks(), 0u);
  }

  void CheckContents() {
    for (size_t file = 0; file < kFiles; ++file)
      ASSERT_TRUE(mounted_->ReadAll(ino_[file]) == now_[file]) << "file " << file;
  }

  std::mt19937_64 random_;
  uint64_t fresh_ = 0;
  const uint64_t operations_;
  std::unique_ptr<MountedFilesystem> mounted_;
  std::array<InodeId, kFiles> ino_{};
  std::array<std::string, kFiles> now_;
  std::array<std::string, kFiles> durable_;
  uint64_t commits_ = 0;
  bool committed_now_ = false;
  MemoryStore::Call injected_ = MemoryStore::Call::kLookup;
  uint64_t refused_ = 0;
  uint64_t failed_ = 0;
};

// ThreadSanitizer has nothing to find in one thread, and is slow.
#ifdef __SANITIZE_THREAD__
constexpr uint64_t kOperations = 5'000;
#else
constexpr uint64_t kOperations = 50'000;
#endif

TEST(DataProperty, FilesAreByteArrays) { DataProperty(RandomSeed(), kOperations).Run(); }

TEST(DataPropertyFull, FilesAreByteArrays) { DataProperty(RandomSeed(), 1'000'000).Run(); }

}  // namespace
}  // namespace faultline::test
