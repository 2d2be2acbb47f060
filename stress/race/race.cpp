// SPDX-License-Identifier: GPL-2.0-or-later
#include "race/race.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <memory>

#include "io/fault_guard.h"
#include "io/file.h"
#include "io/mapped_memory.h"
#include "race/race_judge.h"
#include "race/race_round.h"
#include "race/storer.h"

namespace faultline::stress {
namespace {

constexpr size_t kKillerThread = 0;
constexpr Instant kFirstPassLimit = 2'000'000'000;

/// One race: the file, its mapping, and the rounds over it.
class Race {
 public:
  Race(Killer& killer, const RaceOptions& options, Pulse& pulse, UniqueFd file, UniqueFd witness,
       UniqueFd direct, Mapping mapping)
      : killer_(killer),
        options_(options),
        pulse_(pulse),
        file_(std::move(file)),
        witness_(std::move(witness)),
        direct_(std::move(direct)),
        mapping_(std::move(mapping)) {
    outcome_.direct_reads = static_cast<bool>(direct_);
  }

  RaceOutcome Run();

 private:
  Result<> Round(uint64_t round);
  Result<> Prepare(RaceFacts& facts);
  std::unique_ptr<BlindWriter> StartBlindWriter(const RaceFacts& facts);
  Result<> Kill(RaceFacts& facts, BlindWriter* blind);
  void Linger(Instant duration) const;
  Result<bool> Flush();
  Result<bool> JudgeEverything(RaceJudge& judge, const StoreLog& stores);
  Result<> JudgeRead(RaceJudge& judge, int fd, const char* how, const StoreLog& stores);
  void Count(const RaceJudge& judge, const StoreLog& stores, bool collision);

  Killer& killer_;
  const RaceOptions& options_;
  Pulse& pulse_;
  UniqueFd file_;
  UniqueFd witness_;  // sees every writeback error: nobody else syncs through it
  UniqueFd direct_;   // none where O_DIRECT cannot be had
  Mapping mapping_;
  RaceImage blind_content_;
  AlignedBuffer seen_{kRaceSize};
  RaceOutcome outcome_;
};

RaceOutcome Race::Run() {
  for (uint64_t round = 0; round < options_.rounds && !pulse_.stop; ++round) {
    if (auto done = Round(round); !done) {
      outcome_.error = done.error();
      break;
    }
    pulse_.done.fetch_add(1, std::memory_order_relaxed);
  }
  return std::move(outcome_);
}

Result<> Race::Round(uint64_t round) {
  RaceFacts facts;
  facts.plan = DrawRound(killer_, options_.seed, round);
  if (killer_.reports_collisions() && !options_.fuse) facts.plan.writeback = Writeback::kNone;
  FL_TRY(Prepare(facts));

  RaceJudge judge(facts);
  uint32_t skip = facts.plan.blind_page ? 1u << *facts.plan.blind_page : 0;
  Storer storer({file_.get(), &mapping_, &facts.old_image, &facts.new_image, facts.plan.writeback,
                 skip, facts.plan.storer_seed},
                pulse_);
  if (!storer.WaitForFirstPass(kFirstPassLimit)) return Fail(EIO, "a mapped store cannot be made");
  std::unique_ptr<BlindWriter> blind = StartBlindWriter(facts);
  Linger(facts.plan.delay);
  FL_TRY(Kill(facts, blind.get()));

  if (Guarded([&] { CopyMapped(seen_.bytes().data(), mapping_.data(), kRaceSize); }))
    judge.JudgeBytes(seen_.bytes(), "by a load right after the return");
  storer.Finish();
  if (blind) {
    blind->Finish();
    bool after = facts.kill.Before(blind->when()) || killer_.excludes_writers();
    facts.blind_must_stay = blind->written() && after;
  }
  FL_ASSIGN_OR_RETURN(bool collision, JudgeEverything(judge, storer.log()));
  Count(judge, storer.log(), collision);
  return {};
}

Result<> Race::Prepare(RaceFacts& facts) {
  Doing doing(pulse_, kKillerThread, "filling the file");
  const RoundPlan& plan = facts.plan;
  facts.run = options_.run;
  facts.fuse = options_.fuse;
  facts.stale = killer_.stale();
  facts.call = killer_.call();
  facts.old_image = CellImage(options_.run, kRaceFile, plan.epoch, kRaceWriter);
  FL_TRY(killer_.Prepare(plan.epoch));
  facts.new_image = Replaced(facts.old_image, plan.range, killer_.replacement());
  FL_TRY(WriteAt(file_.get(), facts.old_image, 0));
  if (plan.fsync_before) FL_TRY(FlushRange(witness_.get(), 0, 0));
  mapping_.Unpopulate();
  if (plan.drop_before) DropCached(file_.get(), 0, 0);
  // Read-around would fetch the blind writer's page for it.
  madvise(mapping_.data(), mapping_.size(), plan.blind_page ? MADV_RANDOM : MADV_NORMAL);
  return {};
}

std::unique_ptr<BlindWriter> Race::StartBlindWriter(const RaceFacts& facts) {
  if (!facts.plan.blind_page) return nullptr;
  uint64_t page = *facts.plan.blind_page;
  blind_content_.resize(kRaceSize);
  FillPage(blind_content_, page, options_.run, kBlindFile, facts.plan.epoch, kBlindWriter);
  ByteRange pages = facts.plan.range.RoundIn(kPageSize);
  uint64_t watched = page * kPageSize == pages.begin ? page + 1 : page - 1;
  BlindWriter::Plan plan{file_.get(),
                         &mapping_,
                         &facts.new_image,
                         watched * kSlotsPerPage,
                         page,
                         std::span(blind_content_).subspan(page * kPageSize, kPageSize)};
  return std::make_unique<BlindWriter>(plan, pulse_);
}

Result<> Race::Kill(RaceFacts& facts, BlindWriter* blind) {
  Doing doing(pulse_, kKillerThread, killer_.call());
  facts.kill.begin = Now();
  Result<> killed = killer_.Kill(file_.get(), facts.plan.range);
  facts.kill.end = Now();
  if (blind != nullptr) blind->KillerReturned();
  return killed;
}

void Race::Linger(Instant duration) const {
  Instant until = Now() + duration;
  while (Now() < until) std::this_thread::yield();
}

/// True when the kernel reported that a direct write collided with dirty pages.
Result<bool> Race::Flush() {
  Result<> flushed = FlushRange(witness_.get(), 0, 0);
  if (flushed) return false;
  if (flushed.error().code() == EIO && killer_.reports_collisions()) return true;
  return tl::unexpected(flushed.error());
}

Result<bool> Race::JudgeEverything(RaceJudge& judge, const StoreLog& stores) {
  Doing doing(pulse_, kKillerThread, "checking");
  FL_TRY(JudgeRead(judge, file_.get(), "by pread", stores));
  if (!Guarded([&] { CopyMapped(seen_.bytes().data(), mapping_.data(), kRaceSize); }))
    return Fail(EIO, "SIGBUS inside the file");
  judge.JudgeAll(seen_.bytes(), "by a load", stores);
  FL_ASSIGN_OR_RETURN(bool collision, Flush());
  mapping_.Unpopulate();
  DropCached(file_.get(), 0, 0);
  FL_TRY(JudgeRead(judge, file_.get(), "by pread after the cache was dropped", stores));
  if (direct_) FL_TRY(JudgeRead(judge, direct_.get(), "by an O_DIRECT read", stores));
  return collision;
}

Result<> Race::JudgeRead(RaceJudge& judge, int fd, const char* how, const StoreLog& stores) {
  FL_ASSIGN_OR_RETURN(size_t got, ReadAt(fd, seen_.bytes(), 0));
  if (got != kRaceSize) return Fail(EIO, "{} returned {} of {} bytes", how, got, kRaceSize);
  judge.JudgeAll(seen_.bytes(), how, stores);
  return {};
}

void Race::Count(const RaceJudge& judge, const StoreLog& stores, bool collision) {
  ++outcome_.rounds;
  for (const auto& slot : stores) outcome_.stores += slot.size();
  outcome_.reported_rounds += collision ? 1 : 0;
  if (collision) return;
  outcome_.stale_rounds += judge.stale() ? 1 : 0;
  outcome_.lost_rounds += judge.lost() ? 1 : 0;
  outcome_.window_rounds += judge.violations().Count(Verdict::kKernelWindow) > 0 ? 1 : 0;
  outcome_.violations.Merge(judge.violations());
  pulse_.violations.fetch_add(judge.violations().Failures(), std::memory_order_relaxed);
}

}  // namespace

Result<RaceOutcome> RunRace(Killer& killer, const RaceOptions& options, Pulse& pulse) {
  const std::string path = options.directory + "/race";
  FL_ASSIGN_OR_RETURN(UniqueFd file, OpenFile(path, O_RDWR | O_CREAT));
  FL_TRY(SetSize(file.get(), kRaceSize));
  FL_ASSIGN_OR_RETURN(UniqueFd witness, OpenFile(path, O_RDWR));
  UniqueFd direct;
  if (auto opened = OpenFile(path, O_RDONLY | O_DIRECT)) {
    AlignedBuffer probe(kPageSize);
    if (ReadAt(opened->get(), probe.bytes(), 0)) direct = std::move(*opened);
  }
  FL_ASSIGN_OR_RETURN(Mapping mapping, Mapping::Map(file.get(), kRaceSize));
  return Race(killer, options, pulse, std::move(file), std::move(witness), std::move(direct),
              std::move(mapping))
      .Run();
}

}  // namespace faultline::stress
