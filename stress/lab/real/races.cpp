// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/real/races.h"

#include <linux/falloc.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace faultline::lab {
namespace {

constexpr uint64_t P(uint64_t page, uint64_t offset = 0) { return page * kBlockSize + offset; }

constexpr std::array kActors = {
    Actor{"truncate", "shrinks into page 1, and grows again",
          [](RealWorld& w) { w.Truncate(P(1, 20)), w.Truncate(w.Size()); }},
    Actor{"punch", "punches pages 1 and 2",
          [](RealWorld& w) {
            w.Fallocate(FALLOC_FL_PUNCH_HOLE, {P(1), P(3)});
          }},
    Actor{"punch-edges", "punches from inside page 1 to inside page 2",
          [](RealWorld& w) {
            w.Fallocate(FALLOC_FL_PUNCH_HOLE, {P(1, 50), P(2, 50)});
          }},
    Actor{"write", "write(2): a part of page 1, the whole of page 2",
          [](RealWorld& w) { w.Write(P(1, 100), 50, 'w'), w.Write(P(2), kBlockSize, 'x'); }},
    Actor{"page-in", "loads from pages 1 and 2",
          [](RealWorld& w) { w.Load(P(1, 10)), w.Load(P(2, 50)); }},
    Actor{"page-out", "stores into pages 1 and 2, and writes them back",
          [](RealWorld& w) { w.Store(P(1, 10), 's'), w.Store(P(2, 100), 't'), w.WriteBack(); }},
    Actor{"reclaim", "memory pressure, and a commit, which moves small blocks",
          [](RealWorld& w) { w.DropClean(), w.Commit(), w.DropClean(); }},
    Actor{"store", "stores into page 1 twice, and writes it back",
          [](RealWorld& w) { w.Store(P(1, 100), 'p'), w.WriteBack(), w.Store(P(1, 100), 'q'); }},
    Actor{"zero", "zeroes page 1 and the beginning of page 2",
          [](RealWorld& w) {
            w.Fallocate(FALLOC_FL_ZERO_RANGE, {P(1), P(2, 50)});
          }},
    Actor{"direct", "O_DIRECT write of page 1",
          [](RealWorld& w) { w.WriteDirect(P(1), kBlockSize, 'd'); }},
    Actor{"copy", "copy_file_range to page 1", [](RealWorld& w) { w.Copy(P(1), kBlockSize); }},
    Actor{"follow", "loads from page 1, and stores on top of what is new",
          [](RealWorld& w) { w.Follow(P(1, 50), 'f'); }},
    Actor{"append", "writes behind the end", [](RealWorld& w) { w.Write(w.Size(), 100, 'a'); }},
    Actor{"peek", "reads behind the end", [](RealWorld& w) { w.ReadDirect(w.Size()); }},
    Actor{"recycle", "empties the file, and writes another one into its blocks",
          [](RealWorld& w) {
            w.Truncate(0), w.Commit(), w.FillOther(0, 20), w.FillOther(P(20), 20);
          }},
    Actor{"unlink", "removes the name", [](RealWorld& w) { w.Unlink(); }},
};

constexpr std::array kPairs = {"truncate", "punch", "write", "page-in", "page-out", "reclaim"};
// What the pairs leave out: other killers, edges, sizes, recycled blocks; and threes.
constexpr std::array kChosen = {"punch-edges+page-out",
                                "punch-edges+page-in",
                                "punch-edges+store",
                                "zero+page-out",
                                "zero+page-in",
                                "direct+page-in",
                                "direct+page-out",
                                "direct+store",
                                "copy+page-in",
                                "copy+page-out",
                                "copy+store",
                                "punch+follow",
                                "direct+follow",
                                "copy+follow",
                                "write+store",
                                "append+peek",
                                "page-in+recycle",
                                "unlink+page-in",
                                "punch+page-out+page-in",
                                "punch-edges+write+page-out",
                                "truncate+page-out+page-in",
                                "write+store+page-in",
                                "punch+page-in+reclaim"};

}  // namespace

std::span<const Actor> Actors() { return kActors; }

RealWorld::Shape RealRace::Shape() const {
  const auto has = [this](std::string_view wanted) {
    return std::ranges::any_of(actors, [&](const Actor* actor) { return actor->name == wanted; });
  };
  if (has("recycle")) return {.pages = 32, .volume_blocks = 80};
  if (has("reclaim")) return {.pages = 16, .page_by_page = true};
  return {};
}

Result<RealRace> ParseRace(std::string_view name) {
  RealRace race{std::string(name), {}};
  while (!name.empty()) {
    const size_t plus = name.find('+');
    const auto* actor = std::ranges::find(kActors, name.substr(0, plus), &Actor::name);
    if (actor == kActors.end())
      return Fail(EINVAL, "no actor is called '{}'", name.substr(0, plus));
    race.actors.push_back(actor);
    name = plus == std::string_view::npos ? "" : name.substr(plus + 1);
  }
  if (race.actors.empty() || race.actors.size() > 6)
    return Fail(EINVAL, "a race has 1 to 6 actors");
  return race;
}

std::vector<RealRace> RealRaces() {
  std::vector<RealRace> races;
  for (size_t i = 0; i < kPairs.size(); ++i)
    for (size_t j = i; j < kPairs.size(); ++j)
      races.push_back(*ParseRace(std::string(kPairs[i]) + "+" + kPairs[j]));
  for (const char* name : kChosen) races.push_back(*ParseRace(name));
  return races;
}

}  // namespace faultline::lab
