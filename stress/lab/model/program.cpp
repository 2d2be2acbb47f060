// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/program.h"

#include <fmt/format.h>

#include "lab/model/locking.h"

namespace faultline::lab {

Program& Program::Do(std::string text, Action action) {
  steps_.push_back({std::move(text), std::move(action)});
  return *this;
}

Program& Program::Sleep(std::string text, Action action) {
  return Do(std::move(text), [action = std::move(action)](Turn& r) {
    CheckMaySleep(r);
    return action(r);
  });
}

Program& Program::Io(std::string text, Action action) {
  return Do(std::move(text), [action = std::move(action)](Turn& r) {
    CheckMaySleep(r);
    CheckMayDoIo(r);
    return action(r);
  });
}

Program& Program::Take(Lock lock, Mode mode) {
  const bool shared = mode == Mode::kShared;
  const bool section = lock == Lock::kRcu || lock == Lock::kSrcu;
  const bool spin = IsSpinlock(lock);
  const char* verb = section  ? "_read_lock"
                     : spin   ? "spin_lock"
                     : shared ? "down_read"
                              : "down_write";
  return Do(
      section ? fmt::format("{}{}", Name(lock), verb) : fmt::format("{} {}", verb, Name(lock)),
      [=](Turn& r) { return shared ? TakeShared(r, lock) : TakeExclusive(r, lock); });
}

Program& Program::Drop(Lock lock) {
  const bool section = lock == Lock::kRcu || lock == Lock::kSrcu;
  return Do(
      section ? fmt::format("{}_read_unlock", Name(lock)) : fmt::format("drop {}", Name(lock)),
      [=](Turn& r) { return DropLock(r, lock); });
}

Program& Program::Jump(std::string text, Label target) {
  return Do(std::move(text), [=](Turn&) { return Go(target); });
}

Label Program::NewLabel() {
  labels_.push_back(0);
  return {static_cast<uint8_t>(labels_.size() - 1)};
}

Program& Program::Bind(Label label) {
  labels_[label.id] = static_cast<uint8_t>(steps_.size());
  return *this;
}

Label Program::Here() {
  const Label label = NewLabel();
  Bind(label);
  return label;
}

Program& Program::ForbidIoUnder(Lock lock) {
  no_io_under_.Add(lock);
  return *this;
}

}  // namespace faultline::lab
