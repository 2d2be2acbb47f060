// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/result.h"
#include "store/database.h"

namespace faultline::store {

// Walks an ordered table, pending entries over stored ones, from `place` on, until `table` has
// enough. `table` has:
//
//   Place                                    where an entry stands; ordered by Less(a, b)
//   Part Pending(const Place& from)          PendingGroups' copy
//   Cursor Stored(const Place& from)         made and sought; ends where the walk ends
//   optional<Place> PlaceOf(string_view key)
//   void StepBehind(Place& place)            to the first place behind it
//   bool TakePending(const Place&, const Value&)            false: enough
//   Result<bool> TakeStored(const Place&, const Cursor&)    false: enough
//
// The pending part is copied before the cursor is made: what a commit moves in between is then seen
// twice, and pending wins; the other way round it would not be seen at all.
template <class Table>
Result<> MergeWalk(Table& table, typename Table::Place from) {
  while (true) {
    const auto part = table.Pending(from);
    auto pending = part.entries.begin();
    Cursor cursor = table.Stored(from);
    while (true) {
      std::optional<typename Table::Place> stored;
      if (cursor.Valid()) {
        stored = table.PlaceOf(cursor.Key());
        if (!stored) return Fail(EUCLEAN, "a key of {} bytes is malformed", cursor.Key().size());
      }
      FL_TRY(cursor.Status());
      const bool have_pending = pending != part.entries.end();
      if (!have_pending && !part.complete) break;
      if (!have_pending && !stored) return {};
      if (have_pending && (!stored || !table.Less(*stored, pending->first))) {
        if (stored && !table.Less(pending->first, *stored)) cursor.Next();
        if (!table.TakePending(pending->first, pending->second)) return {};
        ++pending;
      } else {
        FL_ASSIGN_OR_RETURN(const bool more, table.TakeStored(*stored, cursor));
        if (!more) return {};
        cursor.Next();
      }
    }
    from = part.entries.back().first;
    table.StepBehind(from);
  }
}

}  // namespace faultline::store
