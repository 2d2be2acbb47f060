// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/storer.h"

#include <fcntl.h>

#include <cstring>

#include "io/fault_guard.h"
#include "io/file.h"
#include "io/mapped_memory.h"

namespace faultline::stress {
namespace {

constexpr size_t kStorerThread = 1;
constexpr size_t kBlindThread = 2;
constexpr uint64_t kLongestPause = 20'000;  // ns; keeps a fast storer below its store limit

uint64_t LoadWord(const std::byte* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

uint8_t ByteOf(const RaceImage& image, uint64_t offset) {
  return static_cast<uint8_t>(image[offset]);
}

/// True when the slot's cell in the mapping holds the killer's content, which differs from the old.
bool ShowsNew(const Mapping& mapping, const RaceImage& new_image, size_t slot) {
  return LoadMappedWord(mapping.data() + SlotWitness(slot)) ==
         LoadWord(new_image.data() + SlotWitness(slot));
}

}  // namespace

Storer::Storer(const Plan& plan, Pulse& pulse) : plan_(plan), pulse_(pulse) {
  for (auto& stores : log_) stores.reserve(kMaxStoresPerSlot);
  thread_ = std::thread([this] { Run(); });
}

Storer::~Storer() { Finish(); }

bool Storer::WaitForFirstPass(Instant limit) const {
  Instant deadline = Now() + limit;
  while (passes_.load(std::memory_order_acquire) == 0) {
    if (Now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

void Storer::Finish() {
  if (!thread_.joinable()) return;
  uint64_t seen = passes_.load(std::memory_order_acquire);
  Instant deadline = Now() + 1'000'000'000;
  while (passes_.load(std::memory_order_acquire) < seen + 2 && Now() < deadline)
    std::this_thread::yield();
  stop_.store(true, std::memory_order_release);
  thread_.join();
}

void Storer::Run() {
  Random random(plan_.seed);
  while (!stop_.load(std::memory_order_acquire)) {
    Doing doing(pulse_, kStorerThread, "mapped stores");
    Pass(random);
    passes_.fetch_add(1, std::memory_order_release);
    WriteBack();
    Pause(random);
  }
}

void Storer::Pass(Random& random) {
  size_t first = random.Below(kSlots);
  for (size_t i = 0; i < kSlots; ++i) {
    size_t slot = (first + i) % kSlots;
    if ((plan_.skip_pages >> PageOfSlot(slot) & 1) == 0) StoreSlot(slot);
  }
}

void Storer::StoreSlot(size_t slot) {
  auto& stores = log_[slot];
  if (stores.size() == kMaxStoresPerSlot) return;
  uint64_t offset = SlotByte(slot);
  SlotStore store{};
  store.value =
      SlotValue(stores.size(), ByteOf(*plan_.old_image, offset), ByteOf(*plan_.new_image, offset));
  bool differs = LoadWord(plan_.old_image->data() + SlotWitness(slot)) !=
                 LoadWord(plan_.new_image->data() + SlotWitness(slot));
  bool stored = Guarded([&] {
    store.saw_new = differs && ShowsNew(*plan_.mapping, *plan_.new_image, slot);
    store.when.begin = Now();
    StoreMappedByte(plan_.mapping->data() + offset, store.value);
    store.when.end = Now();
  });
  if (stored) stores.push_back(store);  // a store that faulted did not happen
}

void Storer::WriteBack() const {
  switch (plan_.writeback) {
    case Writeback::kNone: return;
    case Writeback::kStart: sync_file_range(plan_.fd, 0, 0, SYNC_FILE_RANGE_WRITE); return;
    case Writeback::kFlush: (void)FlushRange(plan_.fd, 0, 0); return;
    case Writeback::kMsync: (void)plan_.mapping->Sync(0, kRaceSize); return;
  }
}

void Storer::Pause(Random& random) const {
  Instant until = Now() + static_cast<Instant>(random.Below(kLongestPause));
  while (Now() < until && !stop_.load(std::memory_order_relaxed)) std::this_thread::yield();
}

BlindWriter::BlindWriter(const Plan& plan, Pulse& pulse) : plan_(plan), pulse_(pulse) {
  thread_ = std::thread([this] { Run(); });
}

BlindWriter::~BlindWriter() {
  KillerReturned();
  Finish();
}

void BlindWriter::Finish() {
  if (thread_.joinable()) thread_.join();
}

void BlindWriter::Run() {
  Doing doing(pulse_, kBlindThread, "blind page write");
  while (!SeesNew() && !killer_returned_.load(std::memory_order_acquire)) std::this_thread::yield();
  when_.begin = Now();
  written_ = WriteAt(plan_.fd, plan_.content, plan_.page * kPageSize).has_value();
  when_.end = Now();
}

bool BlindWriter::SeesNew() const {
  bool sees = false;
  bool loaded =
      Guarded([&] { sees = ShowsNew(*plan_.mapping, *plan_.new_image, plan_.watched_slot); });
  return loaded && sees;
}

}  // namespace faultline::stress
