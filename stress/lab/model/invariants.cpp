// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/invariants.h"

#include <algorithm>

#include "lab/model/memory.h"

namespace faultline::lab {
namespace {

// A translation that gives access to a page it must not: the page was unmapped, or the folio has
// left the page cache and the one who took it out has returned.
bool Stale(const World& w, int page, const Translation& entry) {
  if (entry.folio == kNone) return false;
  if (w.unmapped >> page & 1) return true;
  return w.killed != 0 && At(w.folios, entry.folio).state != FolioState::kCached;
}

bool AnyStaleTranslation(const World& w) {
  for (int page = 0; page < kPages; ++page) {
    if (Stale(w, page, At(w.tables, page).pte)) return true;
    for (const Thread& cpu : w.threads) {
      if (Stale(w, page, At(cpu.tlb, page))) return true;
    }
  }
  return false;
}

bool Foreign(const Folio& f) {
  return f.state == FolioState::kCached && f.uptodate != 0 && f.content.life == kForeign;
}

bool OldLife(const World& w, const Folio& f) {
  return f.state == FolioState::kCached && f.index == 0 && f.uptodate != 0 &&
         f.content.life != w.life;
}

Content Visible(const World& w, int page) {
  const Translation& pte = At(w.tables, page).pte;
  const int folio = pte.folio != kNone ? pte.folio : FindFolio(w, page);
  return folio != kNone ? At(w.folios, folio).content : OnDisk(w, page);
}

bool CleanButNotWritten(const World& w, const Folio& f) {
  return f.state == FolioState::kCached && f.uptodate != 0 && f.dirty == 0 && f.writeback == 0 &&
         f.content != OnDisk(w, f.index);
}

}  // namespace

Violation CheckState(const World& w) {
  if (w.violation != Violation::kSound) return w.violation;
  if (std::ranges::any_of(w.folios, Foreign)) return Violation::kRecycledBlock;
  if ((w.killed | w.unmapped) != 0 && AnyStaleTranslation(w)) return Violation::kStaleMapping;
  if (w.killed != 0) {
    if (std::ranges::any_of(w.folios, [&](const Folio& f) { return OldLife(w, f); }) ||
        OnDisk(w, 0).life != w.life) {
      return Violation::kStaleData;
    }
  }
  const bool dirty = std::ranges::any_of(w.folios, &Folio::dirty);
  return w.frozen != 0 && dirty ? Violation::kFreezePassed : Violation::kSound;
}

Violation CheckFinal(const World& w) {
  if ((Visible(w, 0).stores & w.must_survive) != w.must_survive) return Violation::kLostStore;
  const bool unwritten =
      std::ranges::any_of(w.folios, [&](const Folio& f) { return CleanButNotWritten(w, f); });
  return unwritten ? Violation::kLostStore : Violation::kSound;
}

}  // namespace faultline::lab
