// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "support/random_seed.h"
#include "support/recorded_host.h"
#include "support/store_directory.h"

// Data before metadata, at the file level: no byte that names an extent reaches a file of RocksDB
// (log, table, manifest) before the blocks it names are on the medium.
namespace faultline::store {
namespace {

using test::RecordedHost;
using test::StoreDirectory;
using Event = RecordedHost::Event;

// Every extent record carries a marker of its own 32 times, as checksums of its blocks; that it is
// cut up by the framing of the log can hide only some of them.
using Marker = std::array<char, 8>;

struct NamedExtent {
  Marker marker;
  uint64_t block;
};

class Workload {
 public:
  explicit Workload(uint64_t seed) : host_(directory_.Path()), seed_(seed) {
    host_.Install(directory_.seams);
    // Memtables are flushed and tables compacted all the time.
    directory_.seams.limits->write_buffer = 64 << 10;
    directory_.seams.limits->max_wal = 256 << 10;
    directory_.options.commit_interval = std::chrono::milliseconds(10);
  }

  RecordedHost& Host() { return host_; }
  const std::vector<NamedExtent>& Extents() const { return extents_; }

  void Run(int threads, int writes) {
    store_ = directory_.Open();
    ASSERT_NE(store_, nullptr);
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i)
      running.emplace_back([this, i, writes] { Write(seed_ + static_cast<uint64_t>(i), writes); });
    for (std::thread& thread : running) thread.join();
    store_.reset();
  }

 private:
  void Write(uint64_t seed, int writes) {
    std::mt19937_64 random(seed);
    const auto data = test::FilledBlocks(kChunkBlocks, 'd');
    for (int i = 0; i < writes; ++i) {
      ASSERT_TRUE(store_->WaitForRoom(AllocationClass::kNewData));
      auto extents = store_->Allocate(kChunkBlocks, AllocationClass::kNewData);
      ASSERT_TRUE(extents);
      const BlockAddress address = extents->front().start;
      ASSERT_EQ(extents->size(), 1);
      ASSERT_TRUE(store_->WriteVolume(address.block, data.Bytes()));
      Name(address, random());
      if (random() % 16 == 0) {
        ASSERT_TRUE(store_->Commit());
      }
    }
  }

  void Name(BlockAddress address, uint64_t random) {
    NamedExtent named{{}, address.block};
    std::memcpy(named.marker.data(), &random, sizeof(random));
    std::array<uint32_t, kChunkBlocks> crcs;
    for (size_t i = 0; i < crcs.size(); i += 2) std::memcpy(&crcs[i], &random, sizeof(random));
    ChunkEdit edit(nullptr);
    edit.Map(0, kChunkBlocks, address, crcs, store_->OpenTxg());
    Transaction transaction;
    transaction.PutChunk(InodeId{10}, address.block, edit.Finish());
    // Ballast that makes the log and the memtables turn over.
    const uint64_t small = *store_->AllocateSmall(2, AllocationClass::kInternal);
    for (uint64_t i : {0, 1}) transaction.PutSmall(small + i, test::FilledBlock('b'));
    {
      std::lock_guard lock(mu_);
      extents_.push_back(named);
    }
    store_->Apply(std::move(transaction));
  }

  StoreDirectory directory_;
  RecordedHost host_;
  const uint64_t seed_;
  std::unique_ptr<StoreImpl> store_;
  std::mutex mu_;
  std::vector<NamedExtent> extents_;
};

struct Verdict {
  std::set<uint64_t> named;          // blocks whose extent appeared in a file of RocksDB
  std::vector<std::string> early;    // "file: block N"
  std::map<std::string, int> files;  // by extension: how often an extent was named
};

// Replays the events: which blocks are on the medium, and which extents are named.
class OrderChecker {
 public:
  explicit OrderChecker(const std::vector<NamedExtent>& extents) {
    for (const NamedExtent& extent : extents) by_marker_[extent.marker] = extent.block;
  }

  Verdict Check(const std::vector<Event>& events) {
    for (const Event& event : events) {
      if (event.kind == Event::Kind::kSync && event.file == "volume") Synced(event.called);
      if (event.kind != Event::Kind::kWrite) continue;
      if (event.file == "volume") {
        unsynced_.push_back(&event);
      } else {
        LookForNames(event);
      }
    }
    return std::move(verdict_);
  }

 private:
  void Synced(size_t called) {
    std::erase_if(unsynced_, [&](const Event* write) {
      if (write->returned > called) return false;
      on_medium_.insert(write->offset / kBlockSize);
      return true;
    });
  }

  void LookForNames(const Event& event) {
    Marker window;
    for (size_t at = 0; at + window.size() <= event.data.size(); ++at) {
      std::memcpy(window.data(), event.data.data() + at, window.size());
      const auto found = by_marker_.find(window);
      if (found == by_marker_.end()) continue;
      verdict_.named.insert(found->second);
      ++verdict_.files[std::filesystem::path(event.file).extension().native()];
      if (!on_medium_.contains(found->second))
        verdict_.early.push_back(event.file + ": block " + std::to_string(found->second));
    }
  }

  std::map<Marker, uint64_t> by_marker_;
  std::vector<const Event*> unsynced_;
  std::set<uint64_t> on_medium_;
  Verdict verdict_;
};

TEST(CommitOrder, NoExtentIsNamedInAFileBeforeItsDataIsOnTheMedium) {
  Workload workload(test::RandomSeed());
  ASSERT_NO_FATAL_FAILURE(workload.Run(3, 60));
  Verdict verdict = OrderChecker(workload.Extents()).Check(workload.Host().Events());
  EXPECT_EQ(verdict.early, std::vector<std::string>());
  // The test has seen something: every extent in a log, and tables were written.
  EXPECT_EQ(verdict.named.size(), 180);
  EXPECT_GT(verdict.files.at(".log"), 0);
  EXPECT_GT(verdict.files[".sst"], 0);
}

TEST(CommitOrder, TheCheckSeesAMissingSync) {
  Workload workload(test::RandomSeed());
  workload.Host().DropVolumeSyncs();
  ASSERT_NO_FATAL_FAILURE(workload.Run(1, 20));
  const Verdict verdict = OrderChecker(workload.Extents()).Check(workload.Host().Events());
  EXPECT_FALSE(verdict.early.empty());
}

TEST(CommitOrder, WithoutVolumeDataACommitSyncsTheLogOnly) {
  StoreDirectory directory;
  RecordedHost host(directory.Path());
  host.Install(directory.seams);
  auto store = directory.Open();
  ASSERT_NE(store, nullptr);
  ASSERT_TRUE(store->Commit());
  const size_t before = host.Now();
  const uint64_t address = *store->AllocateSmall(1, AllocationClass::kNewData);
  Transaction transaction;
  transaction.PutSmall(address, test::FilledBlock('s'));
  transaction.PutChunk(InodeId{10}, 0, test::ChunkAt({Space::kSmall, address}, 1));
  store->Apply(std::move(transaction));
  ASSERT_TRUE(store->Commit());
  std::vector<std::string> synced;
  const auto events = host.Events();
  for (size_t i = before; i < events.size(); ++i)
    if (events[i].kind == Event::Kind::kSync) synced.push_back(events[i].file);
  ASSERT_EQ(synced.size(), 1) << "one small write, one flush of the device";
  EXPECT_TRUE(synced[0].ends_with(".log")) << synced[0];
}

}  // namespace
}  // namespace faultline::store
