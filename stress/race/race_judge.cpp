// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/race_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "race/slot_rule.h"

namespace faultline::stress {
namespace {

uint64_t CellOf(uint64_t offset) { return offset / kCellSize * kCellSize; }

Verdict OfCellState(CellState state) {
  switch (state) {
    case CellState::kResurrected: return Verdict::kResurrectedEpoch;
    case CellState::kMisplaced: return Verdict::kMisplaced;
    case CellState::kTorn: return Verdict::kTornCell;
    case CellState::kZero:
    case CellState::kStale:
    case CellState::kOk: return Verdict::kLostStore;
    case CellState::kForeign: return Verdict::kForeignData;
  }
  return Verdict::kForeignData;
}

bool IsStale(Verdict verdict) {
  return verdict <= Verdict::kStaleAfterWrite || verdict == Verdict::kResurrectedEpoch;
}

}  // namespace

uint32_t RaceJudge::BlindMask() const {
  return facts_.plan.blind_page ? 1u << *facts_.plan.blind_page : 0;
}

void RaceJudge::JudgeBytes(std::span<const std::byte> seen, const char* how) {
  auto wrong_cells = Compare(seen, facts_.new_image, {0, kRaceSize}, BlindMask());
  uint64_t reported_page = kRacePages;  // one report a page is enough
  for (const Difference& wrong : wrong_cells) {
    if (std::exchange(reported_page, wrong.offset / kPageSize) == wrong.offset / kPageSize)
      continue;
    Report(VerdictOf(wrong, seen), wrong.offset, how,
           fmt::format("{} wrong bytes in this cell: {}", wrong.bytes,
                       Describe(CellAt(seen, CellOf(wrong.offset)))),
           {});
  }
}

void RaceJudge::JudgeAll(std::span<const std::byte> seen, const char* how, const StoreLog& stores) {
  JudgeBytes(seen, how);
  for (size_t slot = 0; slot < kSlots; ++slot)
    if ((BlindMask() >> PageOfSlot(slot) & 1) == 0) JudgeSlotAt(slot, seen, how, stores[slot]);
  if (facts_.blind_must_stay) JudgeBlindPage(seen, how);
}

Verdict RaceJudge::VerdictOf(const Difference& wrong, std::span<const std::byte> seen) const {
  if (!facts_.plan.range.Contains(wrong.offset)) return Verdict::kLostOutsideRange;
  CellExpectation old{.run = facts_.run,
                      .file = kRaceFile,
                      .offset = CellOf(wrong.offset),
                      .epoch = facts_.plan.epoch};
  CellState state = Classify(CellAt(seen, CellOf(wrong.offset)), old);
  bool is_old = seen[wrong.offset] == facts_.old_image[wrong.offset];
  bool of_elsewhere = state == CellState::kResurrected || state == CellState::kMisplaced;
  return is_old && !of_elsewhere ? facts_.stale : OfCellState(state);
}

void RaceJudge::JudgeSlotAt(size_t slot, std::span<const std::byte> seen, const char* how,
                            std::span<const SlotStore> stores) {
  uint64_t offset = SlotByte(slot);
  SlotQuestion question{.covered = facts_.plan.range.Contains(offset),
                        .page_covered = WhollyCovers(facts_.plan.range, PageOfSlot(slot)),
                        .fuse = facts_.fuse,
                        .old_byte = static_cast<uint8_t>(facts_.old_image[offset]),
                        .new_byte = static_cast<uint8_t>(facts_.new_image[offset]),
                        .seen = static_cast<uint8_t>(seen[offset]),
                        .kill = facts_.kill,
                        .stale = facts_.stale};
  if (auto verdict = JudgeSlot(question, stores)) {
    Report(*verdict, offset, how,
           fmt::format("slot holds {:#04x}; old {:#04x}, new {:#04x}, last stored {:#04x}",
                       question.seen, question.old_byte, question.new_byte,
                       stores.empty() ? question.old_byte : stores.back().value),
           stores);
  }
}

void RaceJudge::JudgeBlindPage(std::span<const std::byte> seen, const char* how) {
  RaceImage expected(kRaceSize);
  uint64_t page = *facts_.plan.blind_page;
  FillPage(expected, page, facts_.run, kBlindFile, facts_.plan.epoch, kBlindWriter);
  ByteRange bytes{page * kPageSize, (page + 1) * kPageSize};
  for (const Difference& wrong : Compare(seen, expected, bytes)) {
    Report(Verdict::kLostStore, wrong.offset, how,
           "page written with write(2) after the new content was seen: " +
               Describe(CellAt(seen, CellOf(wrong.offset))),
           {});
  }
}

void RaceJudge::Report(Verdict verdict, uint64_t offset, const char* how, std::string what,
                       std::span<const SlotStore> stores) {
  if (verdict == Verdict::kKernelWindow) return violations_.CountKernelWindow();
  (IsStale(verdict) ? stale_ : lost_) = true;
  Violation violation{verdict,
                      fmt::format("page {} offset {:#x}, {}", offset / kPageSize, offset, how),
                      std::move(what),
                      {Describe(facts_.plan)}};
  auto at = [&](Instant t) {
    return fmt::format("{:+.1f} us", 1e-3 * double(t - facts_.kill.begin));
  };
  violation.timeline.push_back(fmt::format("{} from 0 to {}", facts_.call, at(facts_.kill.end)));
  for (const SlotStore& store : stores.last(std::min<size_t>(stores.size(), 6))) {
    violation.timeline.push_back(fmt::format("store {:#04x} from {} to {}{}", store.value,
                                             at(store.when.begin), at(store.when.end),
                                             store.saw_new ? ", having seen the new content" : ""));
  }
  violations_.Add(std::move(violation));
}

}  // namespace faultline::stress
