// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <utility>

#include "lock/held_locks.h"
#include "lock/validator.h"

namespace faultline::lock {

/// Says that its owner holds `lock_class` although no lock of ours stands for it: a freeze gate
/// that has admitted a request, the inside of RocksDB, a read section. Checked like an acquisition
/// that cannot block. It belongs to the request it was made in and may end in any thread.
///   ClassToken in_database(LockClass::kRocksDb);
class ClassToken {
 public:
  ClassToken() = default;
  explicit ClassToken(LockClass lock_class, uint64_t instance = 0, Mode mode = Mode::kShared,
                      Place where = Place::Current());
  ClassToken(ClassToken&& other) noexcept
      : context_(std::exchange(other.context_, nullptr)), id_(other.id_), engaged_(other.engaged_) {
    other.engaged_ = false;
  }
  ClassToken& operator=(ClassToken&& other) noexcept;
  ~ClassToken() { Release(); }

  /// False for an empty, moved-from or released token, whatever the validator's mode.
  explicit operator bool() const { return engaged_; }
  void Release();

 private:
  LockContext* context_ = nullptr;  // where it is tracked; nullptr: not tracked
  LockId id_;
  bool engaged_ = false;
};

}  // namespace faultline::lock
