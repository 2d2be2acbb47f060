// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/report/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "lab/engine/schedule.h"
#include "lab/matrix/catalog.h"

namespace faultline::lab {
namespace {

bool Stuck(const System& system, const World& world) {
  if (system.Done(world)) return false;
  for (System::Choice choice = 0; choice < System::kChoices; ++choice) {
    World next = world;
    if (system.Apply(next, choice)) return false;
  }
  return true;
}

// What each thread that cannot go on is waiting at.
std::string DescribeStuck(const System& system, const World& world) {
  std::string text = "deadlock:";
  for (size_t i = 0; i < system.thread_count(); ++i) {
    const Thread& thread = world.threads[i];
    const Program& program = system.ProgramOf(thread);
    if (program.Done(thread)) continue;
    text += fmt::format(" {} waits at \"{}\";", program.name(),
                        system.Describe(world, static_cast<System::Choice>(i)));
  }
  text.pop_back();
  return text;
}

std::string Outcome(const System& system, const World& world) {
  if (world.violation != Violation::kSound) return std::string(Name(world.violation));
  if (Stuck(system, world)) return DescribeStuck(system, world);
  return system.Done(world) ? "every thread is done" : "no violation so far";
}

size_t Column(System::Choice choice, size_t threads) {
  return choice < System::kGraceEnds ? choice % kMaxThreads : threads;
}

}  // namespace

Result<Trace> Replay(const std::string& schedule) {
  const size_t colon = schedule.find(':');
  const auto cell = FindCell(schedule.substr(0, colon));
  if (!cell) return Fail(EINVAL, "{}: no such cell", schedule.substr(0, colon));
  const auto steps = ParseSchedule(colon == std::string::npos ? "" : schedule.substr(colon + 1));
  if (!steps) return Fail(EINVAL, "{}: not a schedule", schedule.substr(colon + 1));

  const System system = cell->build();
  Trace trace;
  for (size_t i = 0; i < system.thread_count(); ++i) {
    trace.columns.push_back(system.ProgramOf(system.initial.threads[i]).name());
  }
  World world = system.initial;
  for (const System::Choice choice : *steps) {
    const size_t column = Column(choice, system.thread_count());
    const bool nobody = column >= system.thread_count() && choice < System::kGraceEnds;
    const bool done = choice < System::kDrain && !nobody &&
                      system.ProgramOf(world.threads[choice]).Done(world.threads[choice]);
    if (nobody || done)
      return Fail(EINVAL, "step {}: that thread cannot run", trace.lines.size() + 1);
    trace.lines.push_back({column, system.Describe(world, choice)});
    World next = world;
    if (!system.Apply(next, choice)) {
      return Fail(EINVAL, "step {}: \"{}\" cannot run", trace.lines.size(),
                  trace.lines.back().text);
    }
    world = next;
  }
  trace.outcome = Outcome(system, world);
  return trace;
}

std::string FormatColumns(const Trace& trace) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < trace.columns.size(); ++i) widths.push_back(trace.columns[i].size());
  for (const Trace::Line& line : trace.lines) {
    if (line.column < widths.size())
      widths[line.column] = std::max(widths[line.column], line.text.size());
  }
  std::string text = "      ";
  for (size_t i = 0; i < widths.size(); ++i)
    text += fmt::format("{:{}}  ", trace.columns[i], widths[i]);
  text += "\n";
  for (size_t n = 0; n < trace.lines.size(); ++n) {
    const Trace::Line& line = trace.lines[n];
    size_t indent = 0;
    for (size_t i = 0; i < std::min(line.column, widths.size()); ++i) indent += widths[i] + 2;
    text += fmt::format("{:4}  {:{}}{}\n", n + 1, "", indent, line.text);
  }
  return text + "      => " + trace.outcome + "\n";
}

}  // namespace faultline::lab
