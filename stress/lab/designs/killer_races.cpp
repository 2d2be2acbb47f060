// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include "lab/designs/killer_design.h"
#include "lab/matrix/cell.h"

namespace faultline::lab {
namespace {

// One file page, in the cache, clean, in block 0, mapped by nobody yet.
World CachedPage() {
  World w;
  w.tables[0].state = TableState::kLive;
  w.folios[0].state = FolioState::kCached;
  w.folios[0].uptodate = 1;
  w.extents[0] = 0;
  w.blocks[0].owner = Owner::kFile;
  w.blocks[1] = {Owner::kFile, {1, 0}};  // what collapse moves to page 0
  return w;
}

Survival Promise(const KillerDesign& d, Killer killer) {
  if (killer == Killer::kMigrate) return Survival::kEvery;
  if (d.Fuse() && killer != Killer::kCollapse) return Survival::kAfterReturn;
  return Survival::kOnNewLife;
}

System FaultAgainst(const KillerDesign& d, Killer killer) {
  System s;
  s.initial = CachedPage();
  s.initial.survival = Promise(d, killer);
  s.Run(AccessPage(d, Access::kLoad));
  s.Run(AccessPage(d, Access::kLoad));
  s.Run(Kill(d, killer));
  return s;
}

System MkwriteAgainst(const KillerDesign& d, Killer killer) {
  System s;
  s.initial = CachedPage();
  s.initial.survival = Promise(d, killer);
  s.Run(AccessPage(d, Access::kStore)).writer = 1;
  s.Run(WriteBack(d));
  s.Run(Kill(d, killer));
  return s;
}

System MkwriteAgainstWriteback(const KillerDesign& d) {
  System s;
  s.initial = CachedPage();
  s.Run(AccessPage(d, Access::kStore)).writer = 1;
  s.Run(AccessPage(d, Access::kStore)).writer = 2;
  s.Run(WriteBack(d));
  return s;
}

System FaultAgainstWriteback(const KillerDesign& d) {
  System s;
  s.initial = CachedPage();
  s.Run(AccessPage(d, Access::kStore)).writer = 1;
  s.Run(AccessPage(d, Access::kLoad));
  s.Run(WriteBack(d));
  return s;
}

System FaultAgainstPin(const KillerDesign& d) {
  System s;
  s.initial = CachedPage();
  s.Run(AccessPage(d, Access::kLoad));
  s.Run(WriteThroughPin(d)).writer = 1;
  s.Run(Kill(d, Killer::kMigrate));
  return s;
}

System MkwriteAgainstPin(const KillerDesign& d) {
  System s;
  s.initial = CachedPage();
  s.Run(AccessPage(d, Access::kStore)).writer = 1;
  s.Run(WriteThroughPin(d)).writer = 2;
  s.Run(WriteBack(d));
  return s;
}

struct Race {
  const char* name;
  System (*build)(const KillerDesign&);
  bool fuse;  // does it reach the daemon?
};

constexpr std::array<Race, 14> kRaces = {{
    {"fault_truncate", [](const KillerDesign& d) { return FaultAgainst(d, Killer::kTruncate); },
     true},
    {"fault_punch", [](const KillerDesign& d) { return FaultAgainst(d, Killer::kPunch); }, true},
    {"fault_collapse", [](const KillerDesign& d) { return FaultAgainst(d, Killer::kCollapse); },
     true},
    {"fault_direct", [](const KillerDesign& d) { return FaultAgainst(d, Killer::kDirectWrite); },
     true},
    {"fault_migrate", [](const KillerDesign& d) { return FaultAgainst(d, Killer::kMigrate); },
     false},
    {"fault_writeback", FaultAgainstWriteback, true},
    {"fault_gup", FaultAgainstPin, false},
    {"mkwrite_truncate", [](const KillerDesign& d) { return MkwriteAgainst(d, Killer::kTruncate); },
     true},
    {"mkwrite_punch", [](const KillerDesign& d) { return MkwriteAgainst(d, Killer::kPunch); },
     true},
    {"mkwrite_collapse", [](const KillerDesign& d) { return MkwriteAgainst(d, Killer::kCollapse); },
     true},
    {"mkwrite_direct",
     [](const KillerDesign& d) { return MkwriteAgainst(d, Killer::kDirectWrite); }, true},
    {"mkwrite_migrate", [](const KillerDesign& d) { return MkwriteAgainst(d, Killer::kMigrate); },
     false},
    {"mkwrite_writeback", MkwriteAgainstWriteback, true},
    {"mkwrite_gup", MkwriteAgainstPin, false},
}};

}  // namespace

std::vector<Cell> KillerCells() {
  std::vector<Cell> cells;
  for (const KillerDesign& design : KillerDesigns()) {
    for (const Race& race : kRaces) {
      if (design.Fuse() && !race.fuse) continue;
      cells.push_back({"killer", std::string(design.name), race.name,
                       [&design, build = race.build] { return build(design); }});
    }
  }
  return cells;
}

}  // namespace faultline::lab
