// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/class_token.h"

namespace faultline::lock {

ClassToken::ClassToken(LockClass lock_class, uint64_t instance, Mode mode, Place where)
    : id_{nullptr, lock_class, instance, 0, 0}, engaged_(true) {
  if (!internal::Tracking()) return;
  internal::CheckAcquire(id_, mode, where);
  if (internal::NoteAcquired(id_, mode, where)) context_ = &CurrentContext();
}

ClassToken& ClassToken::operator=(ClassToken&& other) noexcept {
  if (this == &other) return *this;
  Release();
  context_ = std::exchange(other.context_, nullptr);
  id_ = other.id_;
  engaged_ = std::exchange(other.engaged_, false);
  return *this;
}

void ClassToken::Release() {
  engaged_ = false;
  HeldLock removed;
  if (context_ != nullptr) std::exchange(context_, nullptr)->held.Remove(id_, &removed);
}

}  // namespace faultline::lock
