// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "lab/engine/explorer.h"
#include "lab/engine/schedule.h"
#include "lab/model/locking.h"

namespace faultline::lab {
namespace {

Program Counter(int steps) {
  Program p("counter to " + std::to_string(steps));
  for (int i = 0; i < steps; ++i) p.Do("step", [](Turn&) { return Next(); });
  return p;
}

// a += 1 in two steps, through a register.
Program Increment() {
  Program p("increment");
  p.Do("read", [](Turn& r) { return r.t.flag = r.w.in_flight, Next(); });
  p.Do("write", [](Turn& r) {
    r.w.in_flight = static_cast<uint8_t>(r.t.flag + 1);
    return Next();
  });
  p.Do("check", [](Turn& r) {
    const bool all_wrote = r.w.threads[0].pc >= 2 && r.w.threads[1].pc >= 2;
    if (all_wrote && r.w.in_flight != 2) r.Fail(Violation::kLostStore);
    return Next();
  });
  return p;
}

Program TakeBoth(const char* name, Lock first, Lock second) {
  Program p(name);
  p.Take(first, Mode::kExclusive).Take(second, Mode::kExclusive).Drop(second).Drop(first);
  return p;
}

TEST(Explorer, VisitsEveryInterleavingOnce) {
  System s;
  s.Run(Counter(3)).writer = 1;  // not equal to the other: no symmetry to exploit
  s.Run(Counter(2));
  const Exploration e = Explore(s);
  EXPECT_EQ(e.verdict, Violation::kSound);
  EXPECT_EQ(e.states, 4u * 3u);
  EXPECT_EQ(e.transitions, 3u * 3u + 4u * 2u);
}

TEST(Explorer, TreatsEqualThreadsAsExchangeable) {
  System s;
  s.Run(Counter(3));
  s.Run(Counter(3));
  EXPECT_EQ(Explore(s).states, 10u);  // pairs of program counters, unordered
}

TEST(Explorer, ReportsTheShortestSchedule) {
  System s;
  s.Run(Increment());
  s.Run(Increment());
  const Exploration e = Explore(s);
  EXPECT_EQ(e.verdict, Violation::kLostStore);
  EXPECT_EQ(e.schedule.size(), 5u);
}

// Equal threads are sorted while exploring; the schedule has to name the ones that were started.
TEST(Explorer, ScheduleLeadsToTheViolationWithoutSorting) {
  System s;
  s.Run(Increment());
  s.Run(Increment());
  World w = s.initial;
  for (const System::Choice choice : Explore(s).schedule) ASSERT_TRUE(s.Apply(w, choice));
  EXPECT_EQ(w.violation, Violation::kLostStore);
}

TEST(Explorer, FindsDeadlock) {
  System s;
  s.Run(TakeBoth("ab", Lock::kInode0, Lock::kInode1));
  s.Run(TakeBoth("ba", Lock::kInode1, Lock::kInode0));
  const Exploration e = Explore(s);
  EXPECT_EQ(e.verdict, Violation::kDeadlock);
}

TEST(Explorer, AcceptsOneOrder) {
  System s;
  s.Run(TakeBoth("ab", Lock::kInode0, Lock::kInode1));
  s.Run(TakeBoth("ab", Lock::kInode0, Lock::kInode1));
  EXPECT_EQ(Explore(s).verdict, Violation::kSound);
}

TEST(Explorer, FindsThreadsThatMoveButNeverFinish) {
  System s;
  Program p("spin");
  const Label again = p.Here();
  const Label out = p.NewLabel();
  p.Do("in time?", [=](Turn& r) { return r.w.frozen != 0 ? Next() : Go(out); });
  p.Jump("again", again);
  p.Bind(out);
  s.Run(std::move(p));
  Program other("set");
  other.Do("set", [](Turn& r) { return r.w.frozen = 1, Next(); });
  s.Run(std::move(other));
  const Exploration e = Explore(s);
  EXPECT_EQ(e.verdict, Violation::kNoProgress);
  EXPECT_EQ(FormatSchedule(e.schedule), "b");
}

TEST(Explorer, SaysWhenItGaveUp) {
  System s;
  s.Run(Counter(50)).writer = 1;
  s.Run(Counter(50));
  EXPECT_FALSE(Explore(s, 100).complete);
  EXPECT_TRUE(Explore(s).complete);
}

TEST(Schedule, ReadsBackWhatItWrites) {
  const std::vector<System::Choice> choices = {0, 0, 0, 1, 4, System::kGraceEnds, System::kRecycle,
                                               2, 2};
  EXPECT_EQ(FormatSchedule(choices), "3abA*+2c");
  EXPECT_EQ(ParseSchedule("3abA*+2c"), choices);
}

TEST(Schedule, RefusesWhatIsNone) {
  for (const char* text : {"e", "a-", "3", "999999999999a"})
    EXPECT_FALSE(ParseSchedule(text)) << text;
  EXPECT_TRUE(ParseSchedule("")->empty());
}

}  // namespace
}  // namespace faultline::lab
