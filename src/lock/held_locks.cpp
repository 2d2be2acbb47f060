// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/held_locks.h"

namespace faultline::lock {
namespace {

uint32_t PackKind(const HeldLock& held) {
  return static_cast<uint32_t>(held.id.lock_class) | (static_cast<uint32_t>(held.mode) << 8) |
         (held.in_kernel ? 1u << 16 : 0);
}

/// Writers are odd while they write. All stores inside are releases, so a reader that sees one of
/// them also sees the odd number (and the sanitizers, which know no fences, agree).
class WriteSection {
 public:
  explicit WriteSection(std::atomic<uint64_t>& sequence)
      : sequence_(sequence), value_(sequence.load(std::memory_order_relaxed)) {
    sequence_.store(value_ + 1, std::memory_order_relaxed);
  }
  ~WriteSection() { sequence_.store(value_ + 2, std::memory_order_release); }

 private:
  std::atomic<uint64_t>& sequence_;
  const uint64_t value_;
};

}  // namespace

void HeldLocks::Store(size_t i, const HeldLock& held) {
  Slot& slot = slots_[i];
  slot.lock.store(held.id.lock, std::memory_order_release);
  slot.instance.store(held.id.instance, std::memory_order_release);
  slot.first.store(held.id.first, std::memory_order_release);
  slot.last.store(held.id.last, std::memory_order_release);
  slot.kind.store(PackKind(held), std::memory_order_release);
  slot.since_ns.store(held.since_ns, std::memory_order_release);
  slot.where.Store(held.where);
}

HeldLock HeldLocks::At(size_t i) const {
  const Slot& slot = slots_[i];
  uint32_t kind = slot.kind.load(std::memory_order_acquire);
  HeldLock held;
  held.id.lock = slot.lock.load(std::memory_order_acquire);
  held.id.lock_class = static_cast<LockClass>(kind & 0xff);
  held.id.instance = slot.instance.load(std::memory_order_acquire);
  held.id.first = slot.first.load(std::memory_order_acquire);
  held.id.last = slot.last.load(std::memory_order_acquire);
  held.mode = static_cast<Mode>((kind >> 8) & 0xff);
  held.in_kernel = (kind >> 16) != 0;
  held.where = slot.where.Load();
  held.since_ns = slot.since_ns.load(std::memory_order_acquire);
  return held;
}

bool HeldLocks::Push(const HeldLock& held) {
  size_t n = size();
  if (n == kCapacity) return false;
  WriteSection writing(sequence_);
  Store(n, held);
  size_.store(n + 1, std::memory_order_release);
  mask_.store(mask() | MaskOf(held.id.lock_class), std::memory_order_release);
  return true;
}

bool HeldLocks::Remove(const LockId& id, HeldLock* removed) {
  for (size_t i = size(); i-- > 0;) {
    // Class and address first: nearly always it is the youngest entry, and found at once.
    const Slot& slot = slots_[i];
    if (slot.lock.load(std::memory_order_relaxed) != id.lock) continue;
    *removed = At(i);
    if (removed->id != id || removed->in_kernel) continue;
    Erase(i);
    return true;
  }
  return false;
}

void HeldLocks::Erase(size_t i) {
  WriteSection writing(sequence_);
  size_t n = size();
  for (; i + 1 < n; ++i) Store(i, At(i + 1));
  ClassMask mask = 0;
  for (size_t j = 0; j + 1 < n; ++j)
    mask |= ClassMask{1} << (slots_[j].kind.load(std::memory_order_relaxed) & 0xff);
  size_.store(n - 1, std::memory_order_release);
  mask_.store(mask, std::memory_order_release);
}

bool HeldLocks::Snapshot(std::array<HeldLock, kCapacity>& out, size_t& count) const {
  uint64_t before = sequence_.load(std::memory_order_acquire);
  if (before % 2 != 0) return false;
  count = size_.load(std::memory_order_acquire);
  for (size_t i = 0; i < count; ++i) out[i] = At(i);
  return sequence_.load(std::memory_order_relaxed) == before;
}

}  // namespace faultline::lock
