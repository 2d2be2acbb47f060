// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/engine/explorer.h"

#include <absl/container/flat_hash_set.h>
#include <absl/hash/hash.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

namespace faultline::lab {
namespace {

using Id = uint32_t;

class Search {
 public:
  Search(const System& system, uint64_t limit)
      : system_(system), limit_(limit), seen_(0, Hash{&worlds_}, Equal{&worlds_}) {}

  Exploration Explore() {
    World first = system_.initial;
    system_.Canonicalize(first);
    Add(first, 0, 0);
    for (Id next = 0; next < worlds_.size() && !found_; ++next) {
      if (worlds_.size() > limit_) {
        result_.complete = false;
        break;
      }
      Expand(next);
    }
    if (!found_ && result_.complete) FindTrap();
    result_.states = worlds_.size();
    return std::move(result_);
  }

 private:
  struct Origin {
    Id parent;
    System::Choice choice;
  };
  struct Hash {
    using is_transparent = void;
    const std::deque<World>* worlds;
    size_t operator()(Id id) const { return (*this)((*worlds)[id]); }
    size_t operator()(const World& w) const { return absl::HashOf(Bytes(w)); }
  };
  struct Equal {
    using is_transparent = void;
    const std::deque<World>* worlds;
    bool operator()(Id a, Id b) const {
      return a == b || Bytes((*worlds)[a]) == Bytes((*worlds)[b]);
    }
    bool operator()(Id a, const World& b) const { return Bytes((*worlds)[a]) == Bytes(b); }
    bool operator()(const World& a, Id b) const { return Bytes(a) == Bytes((*worlds)[b]); }
  };

  Id Add(const World& world, Id parent, System::Choice choice) {
    const auto known = seen_.find(world);
    if (known != seen_.end()) return *known;
    const auto id = static_cast<Id>(worlds_.size());
    worlds_.push_back(world);
    origins_.push_back({parent, choice});
    seen_.insert(id);
    return id;
  }

  void Expand(Id id) {
    bool moved = false;
    for (System::Choice choice = 0; choice < System::kChoices && !found_; ++choice) {
      World next = worlds_[id];
      if (!system_.Apply(next, choice)) continue;
      moved = true;
      ++result_.transitions;
      system_.Canonicalize(next);
      const Id to = Add(next, id, choice);
      edges_.emplace_back(to, id);
      if (next.violation != Violation::kSound) Report(to, next.violation);
    }
    if (!moved && !system_.Done(worlds_[id])) Report(id, Violation::kDeadlock);
  }

  // A state that no longer reaches the end: threads still move, but in circles. The shallowest
  // one is reported.
  void FindTrap() {
    std::ranges::sort(edges_);
    std::vector<bool> reaches(worlds_.size());
    std::vector<Id> work;
    for (Id id = 0; id < worlds_.size(); ++id) {
      if (system_.Done(worlds_[id])) work.push_back(id);
    }
    for (const Id id : work) reaches[id] = true;
    while (!work.empty()) {
      const Id to = work.back();
      work.pop_back();
      auto edge = std::ranges::lower_bound(edges_, std::pair(to, Id{0}));
      for (; edge != edges_.end() && edge->first == to; ++edge) {
        if (reaches[edge->second]) continue;
        reaches[edge->second] = true;
        work.push_back(edge->second);
      }
    }
    const auto trap = std::ranges::find(reaches, false);
    if (trap != reaches.end())
      Report(static_cast<Id>(trap - reaches.begin()), Violation::kNoProgress);
  }

  void Report(Id id, Violation verdict) {
    found_ = true;
    result_.verdict = verdict;
    std::vector<System::Choice> canonical;
    for (Id at = id; at != 0; at = origins_[at].parent) canonical.push_back(origins_[at].choice);
    std::ranges::reverse(canonical);
    result_.schedule = NameThreads(canonical);
    result_.depth = static_cast<uint32_t>(canonical.size());
  }

  // Canonical worlds exchange equal threads on the way; the schedule names the original ones.
  std::vector<System::Choice> NameThreads(const std::vector<System::Choice>& canonical) const {
    std::array<uint8_t, kMaxThreads> name = {0, 1, 2, 3};
    std::vector<System::Choice> schedule;
    World world = system_.initial;
    auto sort = [&] {
      std::array<uint8_t, kMaxThreads> order;
      system_.Canonicalize(world, &order);
      const auto before = name;
      for (size_t i = 0; i < name.size(); ++i) name[i] = before[order[i]];
    };
    sort();
    for (const System::Choice choice : canonical) {
      const bool environment = choice >= System::kGraceEnds;
      const auto base = static_cast<System::Choice>(choice / kMaxThreads * kMaxThreads);
      const System::Choice thread = environment ? choice : name[choice - base];
      schedule.push_back(environment ? choice : static_cast<System::Choice>(base + thread));
      system_.Apply(world, choice);
      sort();
    }
    return schedule;
  }

  const System& system_;
  const uint64_t limit_;
  std::deque<World> worlds_;
  std::vector<Origin> origins_;
  absl::flat_hash_set<Id, Hash, Equal> seen_;
  std::vector<std::pair<Id, Id>> edges_;  // to, from
  Exploration result_;
  bool found_ = false;
};

}  // namespace

Exploration Explore(const System& system, uint64_t state_limit) {
  const auto start = std::chrono::steady_clock::now();
  Exploration result = Search(system, state_limit).Explore();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace faultline::lab
