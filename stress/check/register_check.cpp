// SPDX-License-Identifier: GPL-2.0-or-later
#include "check/register_check.h"

#include <algorithm>

namespace faultline::stress {
namespace {

/// A mutation and the observations that belong to it.
struct Cluster {
  Mutation mutation;
  Instant first_end;   // the earliest end of its operations
  Instant last_begin;  // the latest begin
  bool counts;         // false: nothing says that it happened

  explicit Cluster(const Mutation& m)
      : mutation(m), first_end(m.when.end), last_begin(m.when.begin), counts(!m.maybe) {}

  void Add(const Interval& observed) {
    first_end = std::min(first_end, observed.end);
    last_begin = std::max(last_begin, observed.begin);
    counts = true;
  }
  bool MustPrecede(const Cluster& other) const { return first_end < other.last_begin; }
  bool Contradicts(const Cluster& other) const {
    return counts && other.counts && MustPrecede(other) && other.MustPrecede(*this);
  }
};

/// On FUSE no call changes the server and the page cache at one moment: while it runs, O_DIRECT and
/// cached reads see either side in any order. An O_DIRECT read may have happened at any moment of
/// what it overlaps.
CellHistory WithDirectReadsSpread(const CellHistory& history) {
  CellHistory spread = history;
  for (Observation& seen : spread.observations) {
    if (!seen.direct) continue;
    const Interval when = seen.when;
    for (const Mutation& mutation : history.mutations) {
      if (!mutation.when.Overlaps(when)) continue;
      seen.when.begin = std::min(seen.when.begin, mutation.when.begin);
      seen.when.end = std::max(seen.when.end, mutation.when.end);
    }
  }
  return spread;
}

class CellCheck {
 public:
  CellCheck(const CellHistory& history, bool second_zeroing);
  std::optional<Finding> Run();

 private:
  using MaybeFinding = std::optional<Finding>;

  MaybeFinding PlaceWritten();
  MaybeFinding PlaceZero(const Observation& observation);
  MaybeFinding CheckClusters() const;
  MaybeFinding CheckTorn(const Observation& observation) const;
  Cluster* FindWritten(CellValue value);
  const Cluster* WhatForbids(const Cluster& zeroing) const;
  bool Forbids(const Cluster& written, const Cluster& zeroing) const;
  bool HiddenBefore(Instant moment, const Mutation& a, const Mutation& b) const;
  bool DroppedInZeroing(const Cluster& kept, const Cluster& lost) const;

  const CellHistory& history_;
  bool second_zeroing_;
  std::vector<Cluster> written_;
  std::vector<Cluster> zeroings_;
};

CellCheck::CellCheck(const CellHistory& history, bool second_zeroing)
    : history_(history), second_zeroing_(second_zeroing) {
  Mutation initial;
  initial.value = history.initial;
  initial.stale = history.initial_stale;
  (initial.value == kZeroValue ? zeroings_ : written_).emplace_back(initial);
  for (const Mutation& mutation : history.mutations) {
    bool zeroes = mutation.value == kZeroValue;
    (zeroes ? zeroings_ : written_).emplace_back(mutation);
    if (!zeroes || !second_zeroing) continue;
    zeroings_.emplace_back(mutation);
    zeroings_.back().counts = false;
  }
}

std::optional<Finding> CellCheck::Run() {
  if (auto wrong = PlaceWritten()) return wrong;
  if (auto wrong = CheckClusters()) return wrong;  // names the call that did not hold
  for (const Observation& observation : history_.observations) {
    if (observation.value != kZeroValue) continue;
    if (auto wrong = PlaceZero(observation)) return wrong;
  }
  if (auto wrong = CheckClusters()) return wrong;
  for (const Observation& observation : history_.observations) {
    if (observation.value != kTornValue) continue;
    if (auto wrong = CheckTorn(observation)) return wrong;
  }
  return std::nullopt;
}

Cluster* CellCheck::FindWritten(CellValue value) {
  auto found = std::find_if(written_.begin(), written_.end(), [&](const Cluster& cluster) {
    return cluster.mutation.value == value;
  });
  return found == written_.end() ? nullptr : &*found;
}

std::optional<Finding> CellCheck::PlaceWritten() {
  for (const Observation& seen : history_.observations) {
    if (seen.value == kZeroValue || seen.value == kTornValue) continue;
    Cluster* cluster = FindWritten(seen.value);
    if (cluster == nullptr) return Finding{history_.initial_stale, seen.value, history_.initial};
    if (seen.when.Before(cluster->mutation.when))
      return Finding{Verdict::kForeignData, seen.value, seen.value};
    cluster->Add(seen.when);
  }
  return std::nullopt;
}

/// FUSE: a store during a zeroing of a part of its page may be gone and come back.
bool CellCheck::Forbids(const Cluster& written, const Cluster& zeroing) const {
  bool flickers = second_zeroing_ && zeroing.mutation.part_of_page &&
                  zeroing.mutation.when.Overlaps(written.mutation.when);
  return !flickers && written.Contradicts(zeroing);
}

/// A written cluster that contradicts the zeroing, if there is one.
const Cluster* CellCheck::WhatForbids(const Cluster& zeroing) const {
  auto found = std::find_if(written_.begin(), written_.end(),
                            [&](const Cluster& cluster) { return Forbids(cluster, zeroing); });
  return found == written_.end() ? nullptr : &*found;
}

/// What to call it when two clusters must precede each other.
Finding NameOf(const Cluster& a, const Cluster& b) {
  bool a_is_newer = b.mutation.when.Before(a.mutation.when);
  bool b_is_newer = a.mutation.when.Before(b.mutation.when);
  if (!a_is_newer && !b_is_newer) b_is_newer = a.last_begin > b.last_begin;
  const Cluster& newer = b_is_newer ? b : a;
  const Cluster& older = b_is_newer ? a : b;
  CellValue seen = older.mutation.value, instead = newer.mutation.value;
  if (seen == kZeroValue) return {Verdict::kLostStore, seen, instead};
  return {newer.mutation.stale, seen, instead};
}

std::optional<Finding> CellCheck::PlaceZero(const Observation& seen) {
  Cluster* only = nullptr;
  size_t choices = 0;
  Finding wrong{Verdict::kLostStore, kZeroValue, kZeroValue};
  Instant latest = kBeginningOfTime;
  for (Cluster& zeroing : zeroings_) {
    if (seen.when.Before(zeroing.mutation.when)) continue;
    Cluster with_read = zeroing;
    with_read.Add(seen.when);
    if (const Cluster* written = WhatForbids(with_read)) {
      if (zeroing.mutation.when.begin >= latest) wrong = NameOf(with_read, *written);
      latest = std::max(latest, zeroing.mutation.when.begin);
      continue;
    }
    only = &zeroing;
    ++choices;
  }
  if (choices == 0) return wrong;
  if (choices == 1) only->Add(seen.when);
  return std::nullopt;
}

std::optional<Finding> CellCheck::CheckClusters() const {
  for (size_t i = 0; i < written_.size(); ++i) {
    const Cluster& cluster = written_[i];
    if (!cluster.counts || cluster.first_end >= cluster.last_begin) continue;  // not a forward zone
    for (const Cluster& zeroing : zeroings_)
      if (Forbids(cluster, zeroing)) return NameOf(cluster, zeroing);
    for (size_t j = 0; j < written_.size(); ++j)
      if (i != j && cluster.Contradicts(written_[j]) && !DroppedInZeroing(cluster, written_[j]))
        return NameOf(cluster, written_[j]);
  }
  for (const Cluster& zeroing : zeroings_)
    if (const Cluster* written = WhatForbids(zeroing)) return NameOf(zeroing, *written);
  return std::nullopt;
}

/// FUSE: both were stored while a zeroing call ran; the first was written back and kept, the page
/// with the second was dropped before the call returned.
bool CellCheck::DroppedInZeroing(const Cluster& kept, const Cluster& lost) const {
  if (!second_zeroing_) return false;
  return std::any_of(zeroings_.begin(), zeroings_.end(), [&](const Cluster& zeroing) {
    const Interval& call = zeroing.mutation.when;
    return call.Overlaps(lost.mutation.when) && !kept.mutation.when.Before(call) &&
           lost.last_begin <= call.end;
  });
}

/// Something that certainly happened began after both and ended before `moment`.
bool CellCheck::HiddenBefore(Instant moment, const Mutation& a, const Mutation& b) const {
  Instant after = std::max(a.when.end, b.when.end);
  return std::any_of(history_.mutations.begin(), history_.mutations.end(), [&](const Mutation& m) {
    return !m.maybe && m.when.begin > after && m.when.end < moment;
  });
}

std::optional<Finding> CellCheck::CheckTorn(const Observation& seen) const {
  const auto& mutations = history_.mutations;
  for (size_t i = 0; i < mutations.size(); ++i) {
    if (mutations[i].when.Overlaps(seen.when)) return std::nullopt;
    for (size_t j = i + 1; j < mutations.size(); ++j) {
      if (!mutations[i].when.Overlaps(mutations[j].when)) continue;
      if (seen.when.Before(mutations[i].when) || seen.when.Before(mutations[j].when)) continue;
      if (!HiddenBefore(seen.when.begin, mutations[i], mutations[j])) return std::nullopt;
    }
    // A write that failed may have stopped half way.
    if (mutations[i].maybe && mutations[i].when.Before(seen.when) &&
        !HiddenBefore(seen.when.begin, mutations[i], mutations[i]))
      return std::nullopt;
  }
  return Finding{Verdict::kTornCell, kTornValue, history_.initial};
}

}  // namespace

std::optional<Finding> CheckCell(const CellHistory& history, bool fuse) {
  std::optional<Finding> wrong = CellCheck(history, false).Run();
  if (!wrong || !fuse) return wrong;
  const CellHistory spread = WithDirectReadsSpread(history);
  if (CellCheck(spread, true).Run()) return wrong;
  wrong->verdict = Verdict::kKernelWindow;
  return wrong;
}

}  // namespace faultline::stress
