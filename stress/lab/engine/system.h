// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "lab/model/program.h"

namespace faultline::lab {

// Programs, an initial world and what may happen next: the transition relation that the explorer
// walks and that replay follows.
//
// A choice is what runs next: a thread takes one step, a CPU drains its store buffer, or the
// grace period of what was retired ends, another file is given the block that was freed.
class System {
 public:
  using Choice = uint8_t;
  static constexpr Choice kDrain = kMaxThreads;  // kDrain + thread
  static constexpr Choice kGraceEnds = 2 * kMaxThreads;
  static constexpr Choice kRecycle = kGraceEnds + 1;
  static constexpr Choice kChoices = kRecycle + 1;

  World initial;

  // Adds a thread that runs `program`; the same name twice means the same program.
  Thread& Run(Program program);

  // False, and the world is as it was, when the choice is not possible.
  bool Apply(World& world, Choice choice) const;
  bool Done(const World& world) const;
  size_t thread_count() const { return program_of_.size(); }
  const Program& ProgramOf(const Thread& thread) const { return programs_[thread.program]; }
  // The step that `choice` would take.
  std::string Describe(const World& world, Choice choice) const;

  // Sorts threads that run the same program; order[i] is where thread i went.
  void Canonicalize(World& world, std::array<uint8_t, kMaxThreads>* order = nullptr) const;

  void Break(Rule rule) { rules_ = Rules::Without(rule); }

 private:
  bool Step(World& world, Thread& thread) const;

  std::vector<Program> programs_;
  std::vector<uint8_t> program_of_;
  Rules rules_;
};

}  // namespace faultline::lab
