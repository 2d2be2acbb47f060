// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>
#include <linux/falloc.h>

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <vector>

#include "support/kernel_mount.h"
#include "support/random_seed.h"

// Many threads over one mapped file. Each thread owns a four-byte slot in every page and stamps it
// with growing numbers, through mappings, write(2) and O_DIRECT; others kill ranges that cut
// through pages. A clock that everybody advances orders what did not overlap:
//
//   stale     a stamp is seen although a killer began after its store had ended, and ended before
//             the look began
//   lost      the owner looks and does not find its last stamp, although no killer of the slot
//             overlapped the time since that store began
//   foreign   a value that the owner never stored there
namespace faultline::test {
namespace {

constexpr size_t kStorers = 4;
constexpr uint64_t kPages = 12;
constexpr uint64_t kFileSize = kPages * kBlockSize;

struct Killed {
  ByteRange range;
  uint64_t begin;
  uint64_t end;  // ~0: not yet
};

class Killers {
 public:
  size_t Begin(ByteRange range, uint64_t now) {
    std::lock_guard guard(mu_);
    killed_.push_back({range, now, ~uint64_t{0}});
    return killed_.size() - 1;
  }
  void End(size_t index, uint64_t now) {
    std::lock_guard guard(mu_);
    killed_[index].end = now;
  }
  template <typename Matches>
  bool Any(ByteRange slot, Matches matches) const {
    std::lock_guard guard(mu_);
    for (const Killed& killed : killed_)
      if (killed.range.Overlaps(slot) && matches(killed)) return true;
    return false;
  }

 private:
  mutable std::mutex mu_;
  std::vector<Killed> killed_;
};

class Hammer {
 public:
  Hammer(uint64_t seed, uint64_t steps) : seed_(seed), steps_(steps) {
    ino_ = mount_.MakeFile("file");
    FL_CHECK(mount_.kernel.Truncate(ino_, kFileSize) == 0);
    mount_.kernel.StartNotifier();
  }

  void Run() {
    for (const char* point : {"fs.write.placed", "fs.read.sampled", "fs.read.filled",
                              "fs.punch.published", "fs.killer.invalidated", "fs.publish.built"})
      test_point::Arm(
          point,
          test_point::Action::Delay(std::chrono::microseconds(50)).WithProbability(0.1, seed_));
    std::vector<std::thread> threads;
    for (size_t i = 0; i < kStorers; ++i) threads.emplace_back([this, i] { Storer(i); });
    std::vector<std::thread> others;
    for (size_t i = 0; i < 2; ++i) others.emplace_back([this, i] { Killer(i); });
    others.emplace_back([this] { Pressure(); });
    others.emplace_back([this] { Committer(); });
    for (std::thread& thread : threads) thread.join();
    stop_ = true;
    for (std::thread& thread : others) thread.join();
    test_point::Reset();
    EXPECT_GT(looks_, steps_ / 4);
    EXPECT_GT(kills_, 0u);
    mount_.kernel.WriteBack(ino_, {0, kEndOfFile});
    EXPECT_EQ(mount_.store.LeakedBlocks(), 0u);
  }

 private:
  struct Slot {
    uint32_t stamp = 0;  // of the last store that succeeded
    uint64_t begin = 0;  // of that store
    const char* how = "";
    std::vector<uint64_t> ends = {0};  // by stamp
  };

  uint64_t Tick() { return clock_.fetch_add(1) + 1; }
  static uint64_t OffsetOf(uint64_t page, size_t storer) {
    constexpr std::array<uint64_t, kStorers> kInPage{0, 512, 2048, kBlockSize - 4};
    return page * kBlockSize + kInPage[storer];
  }

  void Storer(size_t me) {
    std::mt19937_64 random(seed_ + me);
    std::array<Slot, kPages> slots;
    for (uint64_t i = 0; i < steps_ && !::testing::Test::HasFailure(); ++i) {
      const uint64_t page = random() % kPages;
      if (random() % 2)
        Stamp(slots[page], OffsetOf(page, me), random);
      else
        Look(slots[page], OffsetOf(page, me), random() % 8 == 0);
    }
  }

  void Stamp(Slot& slot, uint64_t offset, std::mt19937_64& random) {
    const auto stamp = static_cast<uint32_t>(slot.ends.size());
    std::string bytes(sizeof stamp, '\0');
    std::memcpy(bytes.data(), &stamp, sizeof stamp);
    const uint64_t begin = Tick();
    const uint64_t how = random() % 16;
    const int error = how == 0  ? mount_.kernel.WriteDirect(ino_, offset, bytes)
                      : how < 4 ? mount_.kernel.Write(ino_, offset, bytes)
                                : mount_.kernel.Store(ino_, offset, bytes);
    slot.ends.push_back(Tick());
    if (error == EFAULT) return;  // beyond the end of the file, nothing was stored
    ASSERT_EQ(error, 0);
    slot.stamp = stamp;
    slot.begin = begin;
    slot.how = how == 0 ? "direct write" : how < 4 ? "write" : "store";
    const ByteRange bytes_of_page = ByteRange{offset, offset + 1}.RoundOut();
    if (random() % 4 == 0) mount_.kernel.WriteBack(ino_, bytes_of_page);
  }

  void Look(const Slot& slot, uint64_t offset, bool direct) {
    const ByteRange bytes{offset, offset + 4};
    const uint64_t begin = Tick();
    const Result<std::string> read =
        direct ? mount_.kernel.ReadDirect(ino_, bytes) : mount_.kernel.Load(ino_, offset, 4);
    const uint64_t end = Tick();
    if (!read && read.error().code() == EFAULT) return;
    ASSERT_TRUE(read) << read.error().ToString();
    if (read->size() < 4) return;  // beyond the end of the file
    ++looks_;
    uint32_t seen = 0;
    std::memcpy(&seen, read->data(), sizeof seen);
    ASSERT_LT(seen, slot.ends.size()) << "foreign bytes at " << offset;
    const bool stale = seen != 0 && killers_.Any(bytes, [&](const Killed& killed) {
      return killed.begin > slot.ends[seen] && killed.end < begin;
    });
    ASSERT_FALSE(stale) << "stale at " << offset << ": " << seen;
    const bool may_be_gone = killers_.Any(
        bytes, [&](const Killed& killed) { return killed.end > slot.begin && killed.begin < end; });
    ASSERT_TRUE(seen == slot.stamp || may_be_gone)
        << "lost at " << offset << ": " << seen << " instead of " << slot.stamp << ", a "
        << slot.how << ", seen by a " << (direct ? "direct read" : "load");
  }

  void Killer(size_t me) {
    std::mt19937_64 random(seed_ + 100 + me);
    while (!stop_) {
      const uint64_t first = random() % (kFileSize / 4) * 4;
      const uint64_t size = 4 + random() % (3 * kBlockSize / 4) * 4;
      const ByteRange range{first, std::min(first + size, kFileSize)};
      const bool truncates = random() % 4 == 0;
      const size_t index = killers_.Begin(truncates ? ByteRange{first, kEndOfFile} : range, Tick());
      if (truncates) {
        EXPECT_EQ(mount_.kernel.Truncate(ino_, first), 0);
        EXPECT_EQ(mount_.kernel.Truncate(ino_, kFileSize), 0);
      } else {
        const int mode = (random() % 2 ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
        EXPECT_EQ(mount_.kernel.Fallocate(ino_, mode | FALLOC_FL_KEEP_SIZE, range), 0);
      }
      killers_.End(index, Tick());
      ++kills_;
      std::this_thread::yield();
    }
  }

  // Writeback and reclaim whenever the kernel likes.
  void Pressure() {
    std::mt19937_64 random(seed_ + 200);
    while (!stop_) {
      const uint64_t page = random() % kPages;
      const ByteRange bytes{page * kBlockSize, (page + 1) * kBlockSize};
      mount_.kernel.WriteBack(ino_, bytes);
      mount_.kernel.DropClean(ino_, bytes);
      std::this_thread::yield();
    }
  }

  void Committer() {
    while (!stop_) {
      EXPECT_TRUE(mount_.store.Commit());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  const uint64_t seed_;
  const uint64_t steps_;
  KernelMount mount_;
  InodeId ino_{};
  Killers killers_;
  std::atomic<uint64_t> clock_{0};
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> looks_{0};
  std::atomic<uint64_t> kills_{0};
};

TEST(Hammer, NothingIsStaleOrLost) { Hammer(RandomSeed(), 3'000).Run(); }

TEST(HammerFull, NothingIsStaleOrLost) { Hammer(RandomSeed(), 100'000).Run(); }

}  // namespace
}  // namespace faultline::test
