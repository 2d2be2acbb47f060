// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include "lab/designs/killer_design.h"
#include "lab/matrix/cell.h"

namespace faultline::lab {
namespace {

// One file page, on disk in block 0, not cached, mapped by nobody yet: reads may be on their way
// when the killer comes, and whoever comes second finds the page in the cache.
World PageOnDisk() {
  World w;
  w.tables[0].state = TableState::kLive;
  w.extents[0] = 0;
  w.blocks[0].owner = Owner::kFile;
  w.blocks[1] = {Owner::kFile, {1, 0}};  // what collapse moves to page 0
  return w;
}

Survival Promise(const KillerDesign& d, Killer killer) {
  if (killer == Killer::kMigrate || killer == Killer::kEdge) return Survival::kEvery;
  if (d.Fuse() && killer != Killer::kCollapse) return Survival::kAfterReturn;
  return Survival::kOnNewLife;
}

System FaultAgainst(const KillerDesign& d, Killer killer) {
  System s;
  s.initial = PageOnDisk();
  s.initial.survival = Promise(d, killer);
  s.Run(AccessPage(d, Access::kLoad));
  s.Run(AccessPage(d, Access::kLoad));
  s.Run(Kill(d, killer));
  return s;
}

System MkwriteAgainst(const KillerDesign& d, Killer killer) {
  System s;
  s.initial = PageOnDisk();
  s.initial.survival = Promise(d, killer);
  s.Run(AccessPage(d, Access::kStore)).writer = 1;
  s.Run(WriteBack(d));
  s.Run(Kill(d, killer));
  return s;
}

System MkwriteAgainstWriteback(const KillerDesign& d) {
  System s;
  s.initial = PageOnDisk();
  s.Run(AccessPage(d, Access::kStore)).writer = 1;
  s.Run(AccessPage(d, Access::kStore)).writer = 2;
  s.Run(WriteBack(d));
  return s;
}

System FaultAgainstWriteback(const KillerDesign& d) {
  System s;
  s.initial = PageOnDisk();
  s.Run(AccessPage(d, Access::kStore)).writer = 1;
  s.Run(AccessPage(d, Access::kLoad));
  s.Run(WriteBack(d));
  return s;
}

System FaultAgainstPin(const KillerDesign& d) {
  System s;
  s.initial = PageOnDisk();
  s.Run(AccessPage(d, Access::kLoad));
  s.Run(WriteThroughPin(d)).writer = 1;
  s.Run(Kill(d, Killer::kMigrate));
  return s;
}

System MkwriteAgainstPin(const KillerDesign& d) {
  System s;
  s.initial = PageOnDisk();
  s.Run(AccessPage(d, Access::kStore)).writer = 1;
  s.Run(WriteThroughPin(d)).writer = 2;
  s.Run(WriteBack(d));
  return s;
}

System EdgeAgainstPin(const KillerDesign& d) {
  System s;
  s.initial = PageOnDisk();
  s.Run(WriteThroughPin(d)).writer = 1;
  s.Run(WriteBack(d));
  s.Run(Kill(d, Killer::kEdge));
  return s;
}

template <Killer killer>
System Fault(const KillerDesign& d) {
  return FaultAgainst(d, killer);
}
template <Killer killer>
System Mkwrite(const KillerDesign& d) {
  return MkwriteAgainst(d, killer);
}

// Migration and pins are the kernel's own; in the kernel edge pages are zeroed in place.
enum class Where : uint8_t { kBoth, kKernel, kFuse };
struct Race {
  const char* name;
  System (*build)(const KillerDesign&);
  Where where;
};

constexpr std::array<Race, 16> kRaces = {{
    {"fault_truncate", Fault<Killer::kTruncate>, Where::kBoth},
    {"fault_punch", Fault<Killer::kPunch>, Where::kBoth},
    {"fault_collapse", Fault<Killer::kCollapse>, Where::kBoth},
    {"fault_direct", Fault<Killer::kDirectWrite>, Where::kBoth},
    {"fault_migrate", Fault<Killer::kMigrate>, Where::kKernel},
    {"fault_writeback", FaultAgainstWriteback, Where::kBoth},
    {"fault_gup", FaultAgainstPin, Where::kKernel},
    {"mkwrite_truncate", Mkwrite<Killer::kTruncate>, Where::kBoth},
    {"mkwrite_punch", Mkwrite<Killer::kPunch>, Where::kBoth},
    {"mkwrite_collapse", Mkwrite<Killer::kCollapse>, Where::kBoth},
    {"mkwrite_direct", Mkwrite<Killer::kDirectWrite>, Where::kBoth},
    {"mkwrite_migrate", Mkwrite<Killer::kMigrate>, Where::kKernel},
    {"mkwrite_writeback", MkwriteAgainstWriteback, Where::kBoth},
    {"mkwrite_gup", MkwriteAgainstPin, Where::kKernel},
    {"mkwrite_edge", Mkwrite<Killer::kEdge>, Where::kFuse},
    {"gup_edge", EdgeAgainstPin, Where::kFuse},
}};

bool MakesSense(const KillerDesign& d, const Race& race) {
  return race.where == Where::kBoth || (race.where == Where::kFuse) == d.Fuse();
}

}  // namespace

std::vector<Cell> KillerCells() {
  std::vector<Cell> cells;
  for (const KillerDesign& design : KillerDesigns()) {
    for (const Race& race : kRaces) {
      if (!MakesSense(design, race)) continue;
      cells.push_back({"killer", std::string(design.name), race.name,
                       [&design, build = race.build] { return build(design); }});
    }
  }
  return cells;
}

}  // namespace faultline::lab
