// SPDX-License-Identifier: GPL-2.0-or-later
#include "durable/crash_log.h"

#include <gtest/gtest.h>

#include <cstring>

#include "durable/crash_writer.h"
#include "io/fault_guard.h"
#include "temporary_directory.h"

namespace faultline::stress {
namespace {

constexpr uint64_t kRun = 0x1122334455667788;
constexpr CellExpectation kPlace{.run = kRun, .file = 1, .offset = 128};

struct Known {
  uint64_t synced, started, last_zero;
};

std::string Judge(const Cell& cell, Known known) {
  CrashRecord record{known.started, known.started, known.synced, known.last_zero};
  std::array<std::byte, kCellSize> bytes;
  std::memcpy(bytes.data(), &cell, sizeof(cell));
  auto verdict = JudgeAfterCrash(bytes, kPlace, record);
  return verdict ? Name(*verdict) : "legal";
}

Cell At(uint64_t sequence) { return MakeCell({kRun, 1, 128, 0, 0, sequence}); }

TEST(JudgeAfterCrash, AcceptsAnythingFromTheLastSyncOn) {
  for (uint64_t sequence : {5, 6, 9})
    EXPECT_EQ(Judge(At(sequence), {.synced = 5, .started = 9, .last_zero = 0}), "legal");
}
TEST(JudgeAfterCrash, FlagsWhatIsOlderThanTheLastSync) {
  EXPECT_EQ(Judge(At(4), {.synced = 5, .started = 9, .last_zero = 0}), "lost after fsync");
}
TEST(JudgeAfterCrash, FlagsWhatWasNeverStarted) {
  EXPECT_EQ(Judge(At(10), {.synced = 5, .started = 9, .last_zero = 0}), "foreign data");
}
TEST(JudgeAfterCrash, AcceptsZeroWhenNothingWasSynced) {
  EXPECT_EQ(Judge({}, {.synced = 0, .started = 9, .last_zero = 0}), "legal");
}
TEST(JudgeAfterCrash, AcceptsZeroFromAZeroingSinceTheLastSync) {
  EXPECT_EQ(Judge({}, {.synced = 5, .started = 9, .last_zero = 5}), "legal");
  EXPECT_EQ(Judge({}, {.synced = 5, .started = 9, .last_zero = 7}), "legal");
}
TEST(JudgeAfterCrash, FlagsZeroWhenDataWasSynced) {
  EXPECT_EQ(Judge({}, {.synced = 5, .started = 9, .last_zero = 4}), "lost after fsync");
}
TEST(JudgeAfterCrash, AcceptsATornCellOnlyWhileAChangeWasNotSynced) {
  Cell torn = At(6);
  torn.filler = 0;
  EXPECT_EQ(Judge(torn, {.synced = 5, .started = 6, .last_zero = 0}), "legal");
  EXPECT_EQ(Judge(torn, {.synced = 6, .started = 6, .last_zero = 0}), "torn cell");
}
TEST(JudgeAfterCrash, FlagsACellOfAnotherPlaceOrFile) {
  Known known{.synced = 0, .started = 9, .last_zero = 0};
  EXPECT_EQ(Judge(MakeCell({kRun, 1, 192, 0, 0, 5}), known), "misplaced data");
  EXPECT_EQ(Judge(MakeCell({kRun, 2, 128, 0, 0, 5}), known), "foreign data");
  EXPECT_EQ(Judge(MakeCell({kRun + 1, 1, 128, 0, 0, 5}), known), "foreign data");
}

/// Writers run for a moment on a filesystem that does not crash.
class CrashLogTest : public testing::Test {
 protected:
  CrashLogTest() {
    InstallFaultHandler();
    settings_.directory = directory_.path();
    settings_.crash_log = directory_.path() + "/log";
    settings_.duration = 300'000'000;
    settings_.threads = 3;
    std::filesystem::create_directory(CrashDirectory(settings_));
  }
  ScenarioResult Write() {
    return RunCrashWriters({settings_, *pulse_, filesystem_, CrashDirectory(settings_), kRun, 1});
  }

  TemporaryDirectory directory_;
  Settings settings_;
  Filesystem filesystem_;
  Pulse* pulse_ = Pulse::CreateShared();
};

TEST_F(CrashLogTest, AcceptsAFilesystemThatDidNotCrash) {
  ScenarioResult written = Write();
  EXPECT_EQ(written.outcome, Outcome::kPassed) << written.reason;
  ScenarioResult verified = VerifyCrash(settings_, *pulse_);
  EXPECT_EQ(verified.outcome, Outcome::kPassed) << verified.reason;
  EXPECT_EQ(verified.violations.Failures(), 0u);
}

TEST_F(CrashLogTest, FlagsAFileThatWentBackToItsBeginning) {
  Write();
  std::string path = CrashDirectory(settings_) + "/" + CrashFileName(0);
  auto size = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, 0);
  std::filesystem::resize_file(path, size);
  EXPECT_GT(VerifyCrash(settings_, *pulse_).violations.Count(Verdict::kLostAfterFsync), 0u);
}

TEST_F(CrashLogTest, FlagsTheOtherFilesContent) {
  Write();
  std::string directory = CrashDirectory(settings_) + "/";
  std::filesystem::copy_file(directory + CrashFileName(0), directory + CrashFileName(1),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_GT(VerifyCrash(settings_, *pulse_).violations.Count(Verdict::kForeignData), 0u);
}

TEST_F(CrashLogTest, RefusesAFileThatIsNoLog) {
  ScenarioResult result = VerifyCrash(settings_, *pulse_);
  EXPECT_EQ(result.outcome, Outcome::kError);
  EXPECT_FALSE(result.reason.empty());
}

}  // namespace
}  // namespace faultline::stress
