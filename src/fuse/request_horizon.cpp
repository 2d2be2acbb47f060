// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/request_horizon.h"

#include <linux/fuse.h>

#include <algorithm>

#include "base/check.h"

namespace faultline::fuse {

RequestHorizon::RequestHorizon(int max_readers) : slots_(static_cast<size_t>(max_readers)) {}

std::atomic<uint64_t>& RequestHorizon::NextSlot() {
  const size_t index = readers_.fetch_add(1);
  FL_CHECK(index < slots_.size());
  return slots_[index].lowest;
}

RequestHorizon::Reader::Reader(RequestHorizon& horizon)
    : horizon_(horizon), lowest_(horizon.NextSlot()) {}

RequestHorizon::Reader::~Reader() { lowest_.store(UINT64_MAX); }

void RequestHorizon::Reader::BeforeRead() { lowest_.store(horizon_.newest_.load() + 1); }

void RequestHorizon::Reader::AfterRead(uint64_t unique, uint32_t opcode) {
  lowest_.store(opcode == FUSE_WRITE ? unique : UINT64_MAX);
  // Numbered when it is read, ahead of what waits in the queue; or with the number of another.
  if (opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET || opcode == FUSE_INTERRUPT) return;
  uint64_t newest = horizon_.newest_.load();
  while (newest < unique && !horizon_.newest_.compare_exchange_weak(newest, unique)) {
  }
}

uint64_t RequestHorizon::Get() const {
  uint64_t lowest = UINT64_MAX;
  const size_t readers = readers_.load();
  for (size_t i = 0; i < readers; ++i) lowest = std::min(lowest, slots_[i].lowest.load());
  return lowest;
}

}  // namespace faultline::fuse
