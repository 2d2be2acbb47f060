// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/engine/system.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lab/model/invariants.h"
#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

bool AnythingRetired(const World& w) {
  return std::ranges::find(w.tables, TableState::kRetired, &PageTable::state) != w.tables.end() ||
         std::ranges::find(w.vmas, VmaState::kRetired, &Vma::state) != w.vmas.end() ||
         std::ranges::find(w.blocks, Owner::kRetired, &Block::owner) != w.blocks.end();
}

void FreeRetired(World& w) {
  for (PageTable& table : w.tables) {
    if (table.state == TableState::kRetired) table.state = TableState::kFreed;
  }
  for (Vma& vma : w.vmas) {
    if (vma.state == VmaState::kRetired) vma.state = VmaState::kFreed;
  }
  for (Block& block : w.blocks) {
    if (block.owner == Owner::kRetired) block = {};
  }
}

// What a finished thread remembers no longer matters, except its TLB: it is the CPU's.
void Finish(Thread& t) {
  t.vma = t.folio = t.block = kNone;
  t.sequence = t.flag = 0;
  t.payload = {};
}

}  // namespace

Thread& System::Run(Program program) {
  auto same = std::ranges::find(programs_, program.name(), &Program::name);
  const auto index = static_cast<uint8_t>(same - programs_.begin());
  if (same == programs_.end()) programs_.push_back(std::move(program));
  Thread& thread = initial.threads[program_of_.size()];
  thread.program = index;
  program_of_.push_back(index);
  return thread;
}

bool System::Step(World& world, Thread& thread) const {
  const Program& program = ProgramOf(thread);
  if (program.Done(thread)) return false;
  Turn turn{world, thread, program, rules_};
  const Flow flow = program.steps()[thread.pc].action(turn);
  switch (flow.kind) {
    case Flow::Kind::kWait: return false;
    case Flow::Kind::kStay: return true;
    case Flow::Kind::kNext: ++thread.pc; break;
    case Flow::Kind::kJump: thread.pc = program.Address(flow.label); break;
  }
  if (program.Done(thread)) Finish(thread);
  return true;
}

bool System::Apply(World& world, Choice choice) const {
  if (choice < kDrain) {
    if (choice >= thread_count() || !Step(world, world.threads[choice])) return false;
  } else if (choice < kGraceEnds) {
    Thread& thread = world.threads[choice - kDrain];
    if (thread.buffer.store == Pending::kNothing) return false;
    Drain(world, thread);
  } else if (choice == kRecycle) {
    if (initial.blocks[0].owner != Owner::kFile || world.blocks[0].owner != Owner::kNobody)
      return false;
    world.blocks[0] = {Owner::kOther, {kForeign, 0}};
  } else {
    if (!AnythingRetired(world) || !GraceEnded(world, rules_)) return false;
    FreeRetired(world);
  }
  world.violation = CheckState(world);
  if (world.violation == Violation::kSound && Done(world)) world.violation = CheckFinal(world);
  return true;
}

bool System::Done(const World& world) const {
  for (size_t i = 0; i < thread_count(); ++i) {
    const Thread& thread = world.threads[i];
    if (!ProgramOf(thread).Done(thread) || thread.buffer.store != Pending::kNothing) return false;
  }
  return true;
}

std::string System::Describe(const World& world, Choice choice) const {
  if (choice == kGraceEnds) return "(grace period ends)";
  if (choice == kRecycle) return "(another file gets the block)";
  if (choice >= kDrain) return "(store buffer drains)";
  const Thread& thread = world.threads[choice];
  return ProgramOf(thread).steps()[thread.pc].text;
}

void System::Canonicalize(World& world, std::array<uint8_t, kMaxThreads>* order) const {
  if (order != nullptr) *order = {0, 1, 2, 3};
  for (size_t i = 1; i < thread_count(); ++i) {
    for (size_t j = i; j > 0 && program_of_[j] == program_of_[j - 1]; --j) {
      Thread& a = world.threads[j - 1];
      Thread& b = world.threads[j];
      if (std::memcmp(&a, &b, sizeof a) <= 0) break;
      std::swap(a, b);
      if (order != nullptr) std::swap((*order)[j - 1], (*order)[j]);
    }
  }
}

}  // namespace faultline::lab
