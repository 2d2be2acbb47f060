// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_point.h"

#include <unistd.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace faultline::test_point {
namespace {

/// One armed name or prefix. Shared with whoever is held in it, so disarming needs no waiting.
struct Armed {
  explicit Armed(Action a) : action(std::move(a)), random(action.seed) {}

  Action action;
  std::mt19937_64 random;
  uint64_t hits = 0;
  bool released = false;
};

struct State {
  std::mutex mu;
  std::condition_variable changed;  // a hit was counted, or somebody released
  std::map<std::string, std::shared_ptr<Armed>, std::less<>> armed;
  std::map<std::string, uint64_t, std::less<>> hits;  // of real names, while anything is armed
  std::set<std::string, std::less<>> known;
  YieldHook yield = nullptr;
};

State& GetState() {
  static State* state = new State;  // never destroyed: threads pass points while the process exits
  return *state;
}

bool Matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool IsDue(Armed& armed) {
  const Action& action = armed.action;
  if (armed.released) return false;
  if (action.at_hit != 0 && armed.hits != action.at_hit) return false;
  if (armed.hits % action.every != 0) return false;
  return action.probability >= 1.0 ||
         std::uniform_real_distribution<>()(armed.random) < action.probability;
}

void Perform(State& state, Armed& armed) {
  switch (armed.action.kind) {
    case Action::Kind::kDelay: std::this_thread::sleep_for(armed.action.delay); break;
    case Action::Kind::kCall: armed.action.callback(); break;
    case Action::Kind::kCrash: ::_exit(armed.action.exit_code);
    case Action::Kind::kBlock: {
      std::unique_lock lock(state.mu);
      state.changed.wait(lock, [&] { return armed.released; });
      break;
    }
  }
}

void UpdateActiveLocked(State& state) {
  internal::g_active.store(!state.armed.empty() || state.yield != nullptr,
                           std::memory_order_relaxed);
}

void ArmLocked(State& state, std::string_view name, Action action) {
  auto& slot = state.armed[std::string(name)];
  if (slot != nullptr) slot->released = true;
  slot = std::make_shared<Armed>(std::move(action));
  for (auto& [known, hits] : state.hits)
    if (Matches(name, known)) hits = 0;
  UpdateActiveLocked(state);
}

uint64_t HitsLocked(const State& state, std::string_view name) {
  uint64_t total = 0;
  for (const auto& [known, hits] : state.hits)
    if (Matches(name, known)) total += hits;
  return total;
}

}  // namespace

void Arm(std::string_view name, Action action) {
  State& state = GetState();
  std::lock_guard lock(state.mu);
  ArmLocked(state, name, std::move(action));
  state.changed.notify_all();
}

void Release(std::string_view name) {
  State& state = GetState();
  std::lock_guard lock(state.mu);
  auto it = state.armed.find(name);
  if (it == state.armed.end()) return;
  it->second->released = true;
  state.armed.erase(it);
  UpdateActiveLocked(state);
  state.changed.notify_all();
}

void Reset() {
  State& state = GetState();
  std::lock_guard lock(state.mu);
  for (auto& [name, armed] : state.armed) armed->released = true;
  state.armed.clear();
  state.hits.clear();
  UpdateActiveLocked(state);
  state.changed.notify_all();
}

bool WaitUntilHit(std::string_view name, uint64_t n, std::chrono::nanoseconds timeout) {
  State& state = GetState();
  std::unique_lock lock(state.mu);
  auto deadline = std::chrono::steady_clock::now() + timeout;
  return state.changed.wait_until(lock, deadline, [&] { return HitsLocked(state, name) >= n; });
}

uint64_t Hits(std::string_view name) {
  State& state = GetState();
  std::lock_guard lock(state.mu);
  return HitsLocked(state, name);
}

std::vector<std::string> KnownPoints() {
  State& state = GetState();
  std::lock_guard lock(state.mu);
  return {state.known.begin(), state.known.end()};
}

void SetYieldHook(YieldHook hook) {
  State& state = GetState();
  std::lock_guard lock(state.mu);
  state.yield = hook;
  UpdateActiveLocked(state);
}

namespace internal {

constinit std::atomic<bool> g_active{false};

void Register(const char* name) {
  State& state = GetState();
  std::lock_guard lock(state.mu);
  state.known.insert(name);
}

void Hit(const char* name) {
  State& state = GetState();
  std::vector<std::shared_ptr<Armed>> due;
  std::unique_lock lock(state.mu);
  ++state.hits[name];
  for (auto& [pattern, armed] : state.armed) {
    if (!Matches(pattern, name)) continue;
    ++armed->hits;
    if (IsDue(*armed)) due.push_back(armed);
  }
  YieldHook yield = state.yield;
  state.changed.notify_all();
  lock.unlock();

  for (auto& armed : due) Perform(state, *armed);
  if (yield != nullptr) yield(name);
}

}  // namespace internal
}  // namespace faultline::test_point
