// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/real/real_explorer.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/mutant.h"
#include "lab/real/choosers.h"
#include "lock/thread.h"
#include "lock/validator.h"

namespace faultline::lab {
namespace {

using nlohmann::json;

// What a child says of itself, also when it dies.
struct Child {
  int out = -1;
  const RealRace* race = nullptr;
  std::string mutant;
  TurnScheduler* scheduler = nullptr;
  RealWorld* world = nullptr;
  uint64_t schedules = 0;
  uint64_t longest = 0;
  bool trace = false;
};
Child* g_child = nullptr;

json TraceOf(const Child& child) {
  json lines = json::array();
  if (!child.trace || child.world == nullptr) return lines;
  const auto& turns = child.scheduler->turns();
  const auto& notes = child.world->notes();
  size_t note = 0;
  for (size_t i = 0; i <= turns.size(); ++i) {
    for (; note < notes.size() && notes[note].turn <= i; ++note)
      lines.push_back({notes[note].actor, notes[note].text});
    if (i == turns.size()) break;
    const std::string& before = child.scheduler->tasks()[turns[i].before];
    const bool point = turns[i].place.find('/') == std::string::npos && turns[i].place != "ends";
    if (turns[i].chosen != turns[i].before)
      lines.push_back({before, turns[i].place + " ->"});
    else if (point)
      lines.push_back({before, turns[i].place});
  }
  return lines;
}

void SendAll(int fd, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t sent = write(fd, text.data() + at, text.size() - at);
    if (sent <= 0) return;
    at += static_cast<size_t>(sent);
  }
}

void Send(const std::string& verdict, bool complete) {
  const Child& child = *g_child;
  const bool safe = verdict == "safe";
  json answer = {{"verdict", verdict},     {"complete", complete}, {"schedules", child.schedules},
                 {"turns", child.longest}, {"schedule", ""},       {"columns", json::array()},
                 {"lines", json::array()}};
  if (child.scheduler != nullptr) {
    if (!safe)
      answer["schedule"] =
          FormatRealSchedule(child.race->name, child.mutant, child.scheduler->turns());
    answer["columns"] = child.scheduler->tasks();
    answer["lines"] = TraceOf(child);
  }
  SendAll(child.out, answer.dump());
}

[[noreturn]] void Die(const std::string& verdict) {
  Send(verdict, false);
  _exit(0);
}

// A failed check, or the validator. Sent by the thread itself, which holds nothing that Send needs.
void OnAbort(int) { Die("aborted"); }

// One schedule. Does not return when something goes wrong.
std::vector<ThreadTurn> RunOnce(const TurnScheduler::Choose& choose) {
  Child& child = *g_child;
  TurnScheduler scheduler(choose, [](const std::string& why) { Die(why); });
  child.scheduler = &scheduler;
  scheduler.Run([&] {
    RealWorld world(scheduler, child.race->Shape());
    child.world = &world;
    {
      std::vector<lock::Thread> actors;
      for (const Actor* actor : child.race->actors)
        actors.emplace_back(std::string(actor->name), [&world, actor] { actor->run(world); });
      scheduler.Begin();
    }
    scheduler.End();
    if (!world.failure()) world.Judge();
    if (child.trace || world.failure()) Die(world.failure().value_or("safe"));
    child.world = nullptr;
  });
  child.longest = std::max(child.longest, scheduler.turns().size());
  ++child.schedules;
  child.scheduler = nullptr;
  return scheduler.turns();
}

void Explore(const RealOptions& options) {
  BoundedSearch search(options.preemptions);
  bool complete = false;
  while (g_child->schedules < options.most && !complete) {
    complete = !search.Next(RunOnce([&](const ThreadTurn& turn) { return search.Choose(turn); }));
  }
  for (uint64_t i = 0; i < options.random; ++i) {
    RandomPriorities random(options.seed + i, options.changes, g_child->longest);
    (void)RunOnce([&](const ThreadTurn& turn) { return random.Choose(turn); });
  }
  Send("safe", complete);
}

std::string FirstLine(int fd) {
  std::string text(4096, '\0');
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text.substr(0, text.find('\n'));
}

template <typename Body>
json InChild(const RealRace& race, const std::string& mutant, bool trace, Body body) {
  int pipe_fds[2];
  const int errors = memfd_create("stderr", MFD_CLOEXEC);
  if (errors < 0 || pipe(pipe_fds) != 0) return {{"verdict", "no pipe"}};
  fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(errors, STDERR_FILENO);
    close(pipe_fds[0]);
    Child child{.out = pipe_fds[1], .race = &race, .mutant = mutant, .trace = trace};
    g_child = &child;
    signal(SIGABRT, OnAbort);
    alarm(600);
    lock::SetValidatorMode(lock::ValidatorMode::kAbort);
    if (Result<> seeded = SeedMutant(mutant); !seeded && mutant != "none")
      Die(seeded.error().message());
    body();
    _exit(0);
  }
  close(pipe_fds[1]);
  std::string text;
  char buffer[65536];
  for (ssize_t size; (size = read(pipe_fds[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(size));
  close(pipe_fds[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  json answer = json::parse(text, nullptr, false);
  if (answer.is_discarded())
    answer = {{"verdict", fmt::format("the process ended with {}: {}", status, FirstLine(errors))}};
  else if (answer["verdict"] == "aborted")
    answer["verdict"] = FirstLine(errors);
  close(errors);
  return answer;
}

}  // namespace

RealOutcome ExploreReal(const RealRace& race, const RealOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const json answer = InChild(race, options.mutant, false, [&] { Explore(options); });
  RealOutcome outcome;
  outcome.race = race.name;
  outcome.mutant = options.mutant;
  outcome.verdict = answer.value("verdict", "");
  outcome.schedule = answer.value("schedule", "");
  outcome.schedules = answer.value("schedules", uint64_t{0});
  outcome.turns = answer.value("turns", uint64_t{0});
  outcome.complete = answer.value("complete", false);
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return outcome;
}

Result<Trace> ReplayReal(std::string_view text) {
  FL_ASSIGN_OR_RETURN(const RealSchedule schedule, ParseRealSchedule(text));
  FL_ASSIGN_OR_RETURN(const RealRace race, ParseRace(schedule.race));
  const json answer = InChild(race, schedule.mutant, true, [&] {
    size_t at = 0;
    (void)RunOnce([&](const ThreadTurn& turn) { return Follow(schedule.deviations, at++, turn); });
  });
  Trace trace;
  std::vector<std::string> names = answer.value("columns", std::vector<std::string>{});
  for (size_t i = 0; i < names.size(); ++i)
    if (i >= 2) trace.columns.push_back(names[i]);  // not: main, orphan collector
  const json lines = answer.value("lines", json::array());
  for (const json& line : lines) {
    const auto column = std::ranges::find(trace.columns, line[0].get<std::string>());
    if (column == trace.columns.end()) continue;
    trace.lines.push_back({static_cast<size_t>(column - trace.columns.begin()), line[1]});
  }
  trace.outcome = answer.value("verdict", "");
  return trace;
}

}  // namespace faultline::lab
