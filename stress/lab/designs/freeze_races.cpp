// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include "lab/designs/freeze_design.h"
#include "lab/matrix/cell.h"

namespace faultline::lab {
namespace {

// A clean page of a file, mapped shared and not yet faulted in.
World CleanPage() {
  World w;
  w.tables[0].state = TableState::kLive;
  w.folios[0].state = FolioState::kCached;
  w.folios[0].uptodate = 1;
  w.extents[0] = 0;
  w.blocks[0].owner = Owner::kFile;
  return w;
}

Program MmapCall() {
  Program p("mmap");
  p.Take(Lock::kMmapLock, Mode::kExclusive);
  p.Drop(Lock::kMmapLock);
  return p;
}

System Mkwrite(const FreezeDesign& d) {
  System s;
  s.initial = CleanPage();
  s.Run(StoreThroughMapping(d)).writer = 1;
  s.Run(StoreThroughMapping(d)).writer = 2;
  s.Run(FreezeAndThaw(d, 1));
  return s;
}

System WriteFromMapping(const FreezeDesign& d) {
  System s;
  s.initial = CleanPage();
  s.Run(WriteCall(d, Buffer::kMapping)).writer = 1;
  s.Run(StoreThroughMapping(d)).writer = 2;
  s.Run(FreezeAndThaw(d, 1));
  s.Run(MmapCall());
  return s;
}

System Writeback(const FreezeDesign& d) {
  System s;
  s.initial = CleanPage();
  s.Run(WriteCall(d, Buffer::kKernel)).writer = 1;
  s.Run(FlushDirty(d));
  s.Run(FreezeAndThaw(d, 1));
  return s;
}

System InternalWriter(const FreezeDesign& d) {
  System s;
  s.initial = CleanPage();
  s.Run(InternalWrite(d, Inside::kWrite));
  s.Run(InternalWrite(d, Inside::kNothing));
  s.Run(FreezeAndThaw(d, 1));
  return s;
}

System Thaw(const FreezeDesign& d) {
  System s;
  s.initial = CleanPage();
  s.Run(StoreThroughMapping(d)).writer = 1;
  s.Run(Sync(d));
  s.Run(FreezeAndThaw(d, 2));
  return s;
}

struct Race {
  const char* name;
  System (*build)(const FreezeDesign&);
};

constexpr std::array<Race, 5> kRaces = {{
    {"mkwrite", Mkwrite},
    {"write_from_mapping", WriteFromMapping},
    {"writeback", Writeback},
    {"internal_writer", InternalWriter},
    {"thaw", Thaw},
}};

}  // namespace

std::vector<Cell> FreezeCells() {
  std::vector<Cell> cells;
  for (const FreezeDesign& design : FreezeDesigns()) {
    for (const Race& race : kRaces) {
      cells.push_back({"freeze", std::string(design.name), race.name,
                       [&design, build = race.build] { return build(design); }});
    }
  }
  return cells;
}

}  // namespace faultline::lab
