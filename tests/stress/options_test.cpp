// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/options.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace faultline::stress {
namespace {

Result<CommandLine> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "faultline-stress");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST(Options, TakeADirectory) {
  auto line = Parse({"/mnt"});
  ASSERT_TRUE(line) << line.error().message();
  EXPECT_EQ(line->command, CommandLine::Command::kRun);
  EXPECT_EQ(line->settings.directory, "/mnt");
  EXPECT_EQ(line->settings.suite, Suite::kSmoke);
}

TEST(Options, TakeEverything) {
  auto line = Parse({"/mnt",
                     "--suite",
                     "soak",
                     "--scenario",
                     "cells",
                     "--scenario",
                     "race-copy",
                     "--seed",
                     "7",
                     "--duration",
                     "2m",
                     "--threads",
                     "3",
                     "--races",
                     "5",
                     "--json",
                     "out",
                     "--keep",
                     "--hang-after",
                     "5s",
                     "--tap",
                     "t",
                     "--junit",
                     "u",
                     "--html",
                     "h",
                     "--known",
                     "k"});
  ASSERT_TRUE(line) << line.error().message();
  const Settings& settings = line->settings;
  EXPECT_EQ(settings.suite, Suite::kSoak);
  EXPECT_EQ(settings.scenarios, (std::vector<std::string>{"cells", "race-copy"}));
  EXPECT_EQ(settings.seed, 7u);
  EXPECT_EQ(settings.Duration(), 120'000'000'000);
  EXPECT_EQ(settings.Threads(), 3u);
  EXPECT_EQ(settings.Races(), 5u);
  EXPECT_EQ(settings.json, "out");
  EXPECT_EQ(settings.tap + settings.junit + settings.html + settings.known, "tuhk");
  EXPECT_EQ(settings.hang_after, 5'000'000'000);
  EXPECT_TRUE(settings.keep);
}

TEST(Options, KnowListAndHelp) {
  EXPECT_EQ(Parse({"list"})->command, CommandLine::Command::kList);
  EXPECT_EQ(Parse({"--help"})->command, CommandLine::Command::kHelp);
}

TEST(Options, RefuseNonsense) {
  const std::vector<std::vector<const char*>> cases = {
      {},
      {"/mnt", "--suite", "huge"},
      {"/mnt", "--duration", "soon"},
      {"/mnt", "--duration", "0"},
      {"/mnt", "--duration", "-3s"},
      {"/mnt", "--seed", "x"},
      {"/mnt", "--threads", "33"},
      {"/mnt", "--unknown"},
      {"/mnt", "/other"},
      {"/mnt", "--keep", "--verify"},
      {"/mnt", "--keep", "--crash-log", "log"},
  };
  for (const auto& arguments : cases) {
    auto line = Parse(arguments);
    ASSERT_FALSE(line) << (arguments.empty() ? "" : arguments.back());
    EXPECT_EQ(line.error().code(), EINVAL);
    EXPECT_FALSE(line.error().message().empty());
  }
}

TEST(Options, ReadDurations) {
  EXPECT_EQ(*ParseDuration("90"), 90'000'000'000);
  EXPECT_EQ(*ParseDuration("250ms"), 250'000'000);
  EXPECT_EQ(*ParseDuration("1h"), 3'600'000'000'000);
  for (const char* bad : {"", "s", "1d", "1.5s", "99999999h"})
    EXPECT_FALSE(ParseDuration(bad)) << bad;
}

}  // namespace
}  // namespace faultline::stress
