// SPDX-License-Identifier: GPL-2.0-or-later
#include "durable/manifest.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>

#include "cells/cell.h"
#include "durable/verify.h"
#include "io/fault_guard.h"
#include "temporary_directory.h"

namespace faultline::stress {
namespace {

constexpr uint64_t kRun = 0x0102030405060708;

Cell KeptCell(uint64_t index, uint64_t sequence) {
  return MakeCell({kRun, 1, index * kCellSize, 0, 2, sequence});
}

/// A kept file of two pages whose cells are all written but the last.
class ManifestTest : public testing::Test {
 protected:
  ManifestTest() {
    InstallFaultHandler();
    settings_.directory = directory_.path();
    std::filesystem::create_directory(KeptDirectory(settings_));
    KeptFile file{"cells0", 1, 2, {}};
    for (uint64_t i = 0; i < 2 * kCellsPerPage; ++i) file.cells.push_back(MakeValue(0, i + 1));
    file.cells.back() = kZeroValue;
    manifest_ = {kRun, 42, {file}};
    EXPECT_TRUE(SaveManifest(manifest_, ManifestPath(settings_)));
    for (uint64_t i = 0; i + 1 < file.cells.size(); ++i) Put(i, KeptCell(i, i + 1));
    Put(file.cells.size() - 1, Cell{});
  }

  std::string path() const { return KeptDirectory(settings_) + "/cells0"; }
  void Put(uint64_t index, const Cell& cell) {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    if (!file) file.open(path(), std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(index * kCellSize));
    file.write(reinterpret_cast<const char*>(&cell), sizeof(cell));
  }
  uint64_t Count(Verdict verdict) {
    return VerifyKept(settings_, *pulse_).violations.Count(verdict);
  }

  TemporaryDirectory directory_;
  Settings settings_;
  Manifest manifest_;
  Pulse* pulse_ = Pulse::CreateShared();
};

TEST_F(ManifestTest, ComesBackAsItWas) {
  auto loaded = LoadManifest(ManifestPath(settings_));
  ASSERT_TRUE(loaded) << loaded.error().ToString();
  EXPECT_EQ(loaded->run, kRun);
  EXPECT_EQ(loaded->seed, 42u);
  ASSERT_EQ(loaded->files.size(), 1u);
  EXPECT_EQ(loaded->files[0].cells, manifest_.files[0].cells);
}

TEST_F(ManifestTest, IsRefusedWhenAnyByteChanged) {
  std::string path = ManifestPath(settings_);
  std::ifstream in(path);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  for (size_t i = 0; i < text.size(); i += 97) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    std::ofstream(path) << damaged;
    EXPECT_FALSE(LoadManifest(path)) << "byte " << i;
  }
}

TEST_F(ManifestTest, IsNotFoundWhereNothingWasKept) {
  EXPECT_EQ(LoadManifest(directory_.path() + "/none").error().code(), ENOENT);
}

TEST_F(ManifestTest, VerifiesWhatWasKept) {
  ScenarioResult result = VerifyKept(settings_, *pulse_);
  EXPECT_EQ(result.outcome, Outcome::kPassed) << result.reason;
}

TEST_F(ManifestTest, FlagsALostCell) {
  Put(3, Cell{});
  EXPECT_GT(Count(Verdict::kLostAfterFsync), 0u);
}

TEST_F(ManifestTest, FlagsAnOlderCell) {
  Put(3, KeptCell(3, 1));
  EXPECT_GT(Count(Verdict::kLostAfterFsync), 0u);
}

TEST_F(ManifestTest, FlagsDataWhereZeroWasKept) {
  Put(2 * kCellsPerPage - 1, KeptCell(2 * kCellsPerPage - 1, 5));
  EXPECT_GT(Count(Verdict::kStaleAfterWrite), 0u);
}

TEST_F(ManifestTest, FlagsAMisplacedCell) {
  Put(3, KeptCell(4, 4));
  EXPECT_GT(Count(Verdict::kMisplaced), 0u);
}

TEST_F(ManifestTest, FlagsATornCell) {
  Cell cell = KeptCell(3, 4);
  cell.filler = 0;
  Put(3, cell);
  EXPECT_GT(Count(Verdict::kTornCell), 0u);
}

TEST_F(ManifestTest, FlagsAMissingFile) {
  std::filesystem::remove(path());
  EXPECT_EQ(Count(Verdict::kLostAfterFsync), 1u);
}

TEST_F(ManifestTest, FlagsAShortFile) {
  std::filesystem::resize_file(path(), kPageSize);
  EXPECT_EQ(Count(Verdict::kLostAfterFsync), 1u);
}

}  // namespace
}  // namespace faultline::stress
