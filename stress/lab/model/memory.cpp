// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/memory.h"

#include <algorithm>

#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

bool Allows(const Translation& translation, Access access) {
  return translation.folio != kNone && (access == Access::kLoad || translation.writable != 0);
}

bool HeldElsewhere(const Turn& r, Lock lock) {
  return r.rules.Hold(Rule::kExclusion) && !r.t.exclusive.Has(lock) && HeldByAnyone(r.w, lock);
}

}  // namespace

bool TableIsLive(Turn& r, int page) {
  const TableState state = At(r.w.tables, page).state;
  if (state == TableState::kFreed) r.Fail(Violation::kFreedTable);
  return state == TableState::kLive;
}

Flow SetPte(Turn& r, int page, int folio, bool writable) {
  TableIsLive(r, page);
  Translation& pte = At(r.w.tables, page).pte;
  if (pte.folio == kNone) ++At(r.w.folios, folio).mapcount;
  if (pte.folio != kNone && pte.folio != folio) {
    --At(r.w.folios, pte.folio).mapcount;
    ++At(r.w.folios, folio).mapcount;
  }
  pte = {static_cast<int8_t>(folio), static_cast<uint8_t>(writable)};
  return Next();
}

Flow Zap(Turn& r, int page) {
  if (HeldElsewhere(r, Lock::kPageTable)) return Wait();
  Translation& pte = At(r.w.tables, page).pte;
  if (pte.folio != kNone) --At(r.w.folios, pte.folio).mapcount;
  pte = {};
  return Next();
}

Flow FlushTlb(Turn& r, int page) {
  if (!r.rules.Hold(Rule::kTlbFlush)) return Next();
  for (Thread& cpu : r.w.threads) At(cpu.tlb, page) = {};
  return Next();
}

Flow Walk(Turn& r, Access access, Label fault) {
  Translation& tlb = At(r.t.tlb, r.t.page);
  if (Allows(tlb, access)) return Next();
  const PageTable& table = At(r.w.tables, r.t.page);
  if (table.state != TableState::kLive || !Allows(table.pte, access)) return Go(fault);
  tlb = table.pte;
  return Next();
}

Flow Touch(Turn& r, Access access, Label again) {
  const Translation& tlb = At(r.t.tlb, r.t.page);
  if (!Allows(tlb, access)) return Go(again);
  if (access == Access::kStore) Write(r, At(r.w.folios, tlb.folio), r.t.writer);
  return Next();
}

int FindFolio(const World& w, int index) {
  const auto found = std::ranges::find_if(
      w.folios, [&](const Folio& f) { return f.state == FolioState::kCached && f.index == index; });
  return found == w.folios.end() ? kNone : static_cast<int>(found - w.folios.begin());
}

// A removed folio that nobody can reach any more is reused: its old address then belongs to
// another life of the page, as with the real allocator.
int AddFolio(World& w, int index, FolioState state) {
  auto named = [&](int8_t id) {
    return std::ranges::any_of(w.threads, [&](const Thread& t) {
      return t.folio == id || t.buffer.folio == id ||
             std::ranges::any_of(t.tlb, [&](const Translation& e) { return e.folio == id; });
    });
  };
  for (int8_t id = 0; id < kFolios; ++id) {
    Folio& folio = At(w.folios, id);
    const bool dead = folio.state == FolioState::kRemoved && folio.mapcount == 0 &&
                      folio.pins == 0 && folio.writeback == 0 && !named(id);
    if (folio.state != FolioState::kUnused && !dead) continue;
    folio = {};
    folio.state = state;
    folio.index = static_cast<uint8_t>(index);
    return id;
  }
  return kNone;
}

Flow LockFolio(Turn& r) {
  Folio& folio = At(r.w.folios, r.t.folio);
  if (folio.locked != 0 && r.rules.Hold(Rule::kFolioLock)) return Wait();
  folio.locked = 1;
  return Next();
}

void UnlockFolio(Turn& r) {
  Folio& folio = At(r.w.folios, r.t.folio);
  folio.locked = 0;
  if (r.rules.Hold(Rule::kReleaseOrders)) Drain(r.w, r.t);
}

void Write(Turn& r, Folio& folio, int writer) {
  const auto bit = static_cast<uint8_t>(1u << writer);
  folio.content.stores |= bit;
  const bool on_new_life = r.w.life > 0 && folio.content.life == r.w.life;
  const bool promised = r.w.survival == Survival::kEvery ||
                        (r.w.survival == Survival::kOnNewLife && on_new_life) || r.w.killed != 0;
  if (promised) r.w.must_survive |= bit;
}

Content OnDisk(const World& w, int index) {
  const int8_t block = At(w.extents, index);
  return block == kNone ? Content{w.life, 0} : At(w.blocks, block).content;
}

int AllocateBlock(World& w) {
  const auto found = std::ranges::find(w.blocks, Owner::kNobody, &Block::owner);
  if (found == w.blocks.end()) return kNone;
  found->owner = Owner::kFile;
  return static_cast<int>(found - w.blocks.begin());
}

void WriteBlock(Turn& r, int index, int block, Content content) {
  if (block == kNone) {
    block = AllocateBlock(r.w);
    At(r.w.extents, index) = static_cast<int8_t>(block);
  }
  if (At(r.w.blocks, block).owner != Owner::kFile) r.Fail(Violation::kRecycledBlock);
  At(r.w.blocks, block).content = content;
  if (r.w.frozen != 0) r.Fail(Violation::kFreezePassed);
}

}  // namespace faultline::lab
