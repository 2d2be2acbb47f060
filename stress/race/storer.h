// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "io/mapping.h"
#include "io/random.h"
#include "race/race_image.h"
#include "race/store_log.h"
#include "run/pulse.h"

namespace faultline::stress {

/// How a storer gets its dirty pages written while the killer runs.
enum class Writeback : uint8_t { kNone, kStart, kFlush, kMsync };
inline constexpr uint64_t kWritebackKinds = 4;

/// Stores one byte to every slot through a mapping, again and again, each pass followed by
/// writeback, until told to stop. One round, one storer, one thread of its own.
class Storer {
 public:
  struct Plan {
    int fd;
    const Mapping* mapping;
    const RaceImage* old_image;
    const RaceImage* new_image;
    Writeback writeback;
    uint32_t skip_pages;  // a bit for each page that is left alone
    uint64_t seed;
  };

  Storer(const Plan& plan, Pulse& pulse);
  ~Storer();

  /// True once every slot was stored to; false when that took more than `limit` nanoseconds.
  bool WaitForFirstPass(Instant limit) const;
  /// Lets it begin and end one more pass, then joins it.
  void Finish();

  /// Valid after Finish().
  const StoreLog& log() const { return log_; }

 private:
  void Run();
  void Pass(Random& random);
  void StoreSlot(size_t slot);
  void WriteBack() const;
  void Pause(Random& random) const;

  Plan plan_;
  Pulse& pulse_;
  StoreLog log_;
  std::atomic<uint64_t> passes_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

/// Waits until another page shows the killer's content, or until the killer returned, then writes a
/// whole page of the range with write(2), without ever having read it: the server sees no READ
/// between its killer and this write, and must not take it for old data.
class BlindWriter {
 public:
  struct Plan {
    int fd;
    const Mapping* mapping;
    const RaceImage* new_image;
    size_t watched_slot;
    uint64_t page;
    std::span<const std::byte> content;
  };

  BlindWriter(const Plan& plan, Pulse& pulse);
  ~BlindWriter();

  void KillerReturned() { killer_returned_.store(true, std::memory_order_release); }
  void Finish();

  /// Valid after Finish().
  Interval when() const { return when_; }
  bool written() const { return written_; }

 private:
  void Run();
  bool SeesNew() const;

  Plan plan_;
  Pulse& pulse_;
  Interval when_;
  bool written_ = false;
  std::atomic<bool> killer_returned_{false};
  std::thread thread_;
};

}  // namespace faultline::stress
