// SPDX-License-Identifier: GPL-2.0-or-later
#include <array>

#include "lab/designs/mapping_design.h"
#include "lab/matrix/cell.h"

namespace faultline::lab {
namespace {

using Io = MappingDesign::Io;

// One VMA over `pages` pages of a file whose pages are in the cache, read or still to be read.
void MapFile(World& w, int pages, bool uptodate) {
  w.vmas[0] = {VmaState::kLinked, 0, static_cast<uint8_t>(pages - 1), 0, 0, 0};
  for (int page = 0; page < kPages; ++page) {
    At(w.tables, page).state = TableState::kLive;
    Folio& folio = At(w.folios, page);
    folio.state = FolioState::kCached;
    folio.index = static_cast<uint8_t>(page);
    folio.uptodate = static_cast<uint8_t>(uptodate);
  }
}

Program Fault(const MappingDesign& d, std::string name, Lock fs_lock = Lock::kCount) {
  Program p(std::move(name));
  if (d.io == Io::kDropAndRetry) p.ForbidIoUnder(Lock::kMmapLock);
  EmitAccess(p, d, Access::kLoad, fs_lock);
  return p;
}

System FaultAgainst(const MappingDesign& d, Change change) {
  System s;
  MapFile(s.initial, change == Change::kExit ? 2 : 1, false);
  s.initial.folios[1].uptodate = 1;  // one fault with I/O, one without
  s.Run(Fault(d, "fault"));
  Thread& second = s.Run(Fault(d, "fault"));
  second.page = change == Change::kMunmap ? 0 : 1;
  s.Run(ChangeMapping(d, change));
  return s;
}

// Every page is cached: the designs that avoid I/O take their fast path.
System CachedFaultAgainst(const MappingDesign& d, Change change) {
  System s = FaultAgainst(d, change);
  for (Folio& folio : s.initial.folios) folio.uptodate = folio.state == FolioState::kCached;
  return s;
}

System CopyOnWrite(const MappingDesign& d, Protection protection) {
  System s;
  MapFile(s.initial, 1, true);
  for (Folio& folio : s.initial.folios) folio.dirty = folio.uptodate;
  s.initial.tables[0].pte = {0, 1};
  s.initial.folios[0].mapcount = 1;
  s.Run(WriteProtect(d, protection));
  s.Run(CopyOnWriteStore(d, protection)).writer = 1;
  Thread& remembers = s.Run(CopyOnWriteStore(d, protection));
  remembers.writer = 2;
  remembers.tlb[0] = {0, 1};
  return s;
}

System GupKeepsVma(const MappingDesign& d, bool out_parameter) {
  System s;
  MapFile(s.initial, 1, false);
  Program gup("get_user_pages");
  if (d.io == Io::kDropAndRetry) gup.ForbidIoUnder(Lock::kMmapLock);
  EmitGupThatKeepsVma(gup, d, out_parameter);
  s.Run(gup);
  s.Run(gup);
  s.Run(ChangeMapping(d, Change::kMunmap));
  return s;
}

// The buffer is cached, so the writer's own fault needs no filesystem lock; another thread's does.
System WriteOwnMapping(const MappingDesign& d, Copy copy) {
  System s;
  MapFile(s.initial, 2, false);
  s.initial.folios[1].uptodate = 1;
  s.Run(WriteFromMapping(d, 0, Lock::kInode0, copy)).page = 1;
  s.Run(Fault(d, "fault", Lock::kInode0));
  s.Run(ChangeMapping(d, Change::kMunmapBoth));
  return s;
}

System WriteCross(const MappingDesign& d, Copy copy) {
  System s;
  MapFile(s.initial, 2, false);
  s.Run(WriteFromMapping(d, 0, Lock::kInode1, copy)).page = 1;
  s.Run(WriteFromMapping(d, 1, Lock::kInode0, copy)).page = 0;
  s.Run(Fault(d, "fault", Lock::kInode0));
  return s;
}

using Build = System (*)(const MappingDesign&);
struct Race {
  const char* name;
  Build build;
};

constexpr std::array<Race, 15> kRaces = {{
    {"munmap", [](const MappingDesign& d) { return FaultAgainst(d, Change::kMunmap); }},
    {"munmap_cached",
     [](const MappingDesign& d) { return CachedFaultAgainst(d, Change::kMunmap); }},
    {"mremap", [](const MappingDesign& d) { return FaultAgainst(d, Change::kMremap); }},
    {"mremap_cached",
     [](const MappingDesign& d) { return CachedFaultAgainst(d, Change::kMremap); }},
    {"exit", [](const MappingDesign& d) { return FaultAgainst(d, Change::kExit); }},
    {"exit_cached", [](const MappingDesign& d) { return CachedFaultAgainst(d, Change::kExit); }},
    {"cow_wp_read",
     [](const MappingDesign& d) {
       return CopyOnWrite(d, {Mode::kShared, false});
     }},
    {"cow_wp_write",
     [](const MappingDesign& d) {
       return CopyOnWrite(d, {Mode::kExclusive, false});
     }},
    {"cow_wp_ptl",
     [](const MappingDesign& d) {
       return CopyOnWrite(d, {Mode::kShared, true});
     }},
    {"gup_keeps_vma", [](const MappingDesign& d) { return GupKeepsVma(d, false); }},
    {"gup_keeps_vma_out", [](const MappingDesign& d) { return GupKeepsVma(d, true); }},
    {"write_own", [](const MappingDesign& d) { return WriteOwnMapping(d, Copy::kFaultUnderLock); }},
    {"write_own_prefault",
     [](const MappingDesign& d) { return WriteOwnMapping(d, Copy::kPrefault); }},
    {"write_cross", [](const MappingDesign& d) { return WriteCross(d, Copy::kFaultUnderLock); }},
    {"write_cross_prefault", [](const MappingDesign& d) { return WriteCross(d, Copy::kPrefault); }},
}};

// An out-parameter can only report what may happen: the others never drop their hold.
// Designs that lose every race with munmap have nothing to say about write(2).
bool MakesSense(const MappingDesign& d, std::string_view race) {
  const bool broken = d.Lockless() && !d.recheck && d.sync == MappingDesign::Sync::kNo;
  if (broken && race.starts_with("write_")) return false;
  return race != "gup_keeps_vma_out" || d.io == Io::kDropAndRetry;
}

}  // namespace

std::vector<Cell> MappingCells() {
  std::vector<Cell> cells;
  for (const MappingDesign& design : MappingDesigns()) {
    for (const Race& race : kRaces) {
      if (!MakesSense(design, race.name)) continue;
      cells.push_back({"mapping", std::string(design.name), race.name,
                       [&design, build = race.build] { return build(design); }});
    }
  }
  return cells;
}

}  // namespace faultline::lab
