// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lab/model/rules.h"
#include "lab/model/world.h"

namespace faultline::lab {

// A place in a program; made before it is known where it is, bound once.
struct Label {
  uint8_t id = 0;
};

// What a step decided. A step that waits must have left the world untouched; a step that stays
// has changed it (it joined a queue) and will be tried again.
struct Flow {
  enum class Kind : uint8_t { kNext, kWait, kStay, kJump };
  Kind kind = Kind::kNext;
  Label label;
};
inline Flow Next() { return {}; }
inline Flow Wait() { return {Flow::Kind::kWait, {}}; }
inline Flow Stay() { return {Flow::Kind::kStay, {}}; }
inline Flow Go(Label label) { return {Flow::Kind::kJump, label}; }

class Program;

// One thread about to take one step.
struct Turn {
  World& w;
  Thread& t;
  const Program& program;
  const Rules& rules;

  void Fail(Violation violation) const {
    if (w.violation == Violation::kSound) w.violation = violation;
  }
};

using Action = std::function<Flow(Turn&)>;

struct Step {
  std::string text;
  Action action;
};

enum class Mode : uint8_t { kShared, kExclusive };

// The steps of a thread in order. One step is atomic; between any two of them every other thread
// may run. A design composes its program from the steps it has, so a printed schedule shows
// nothing that the design does not do.
class Program {
 public:
  explicit Program(std::string name) : name_(std::move(name)) {}

  Program& Do(std::string text, Action action);
  // As Do, but a step that may sleep: forbidden under spinlocks and RCU.
  Program& Sleep(std::string text, Action action);
  // As Sleep, and forbidden under the locks named to ForbidIoUnder as well.
  Program& Io(std::string text, Action action);
  Program& Take(Lock lock, Mode mode);
  Program& Drop(Lock lock);
  Program& Jump(std::string text, Label target);

  [[nodiscard]] Label NewLabel();
  Program& Bind(Label label);
  [[nodiscard]] Label Here();

  // The thread flag of 2021-01: warn when I/O happens while this lock is held.
  Program& ForbidIoUnder(Lock lock);

  const std::string& name() const { return name_; }
  const std::vector<Step>& steps() const { return steps_; }
  uint8_t Address(Label label) const { return labels_[label.id]; }
  bool Done(const Thread& thread) const { return thread.pc == steps_.size(); }
  LockSet no_io_under() const { return no_io_under_; }

 private:
  std::string name_;
  std::vector<Step> steps_;
  std::vector<uint8_t> labels_;
  LockSet no_io_under_;
};

}  // namespace faultline::lab
