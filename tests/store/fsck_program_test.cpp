// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/keys.h"
#include "store/layout.h"
#include "support/command.h"
#include "support/store_directory.h"

// What scripts and fsck(8) rely on: options and exit codes.
namespace faultline::store {
namespace {

using test::RunCommand;
using ::testing::HasSubstr;

class FsckProgram : public ::testing::Test {
 protected:
  test::CommandResult Fsck(std::vector<std::string> options) {
    options.insert(options.begin(), "fsck.faultline");
    options.push_back(directory_.Path().native());
    return RunCommand(options);
  }

  void PutDefault(std::string_view key, std::string_view value) {
    auto database = Database::Open(Layout{directory_.Path()}.Meta(), {});
    ASSERT_TRUE(database) << database.error().ToString();
    WriteBatch batch(**database);
    batch.Put(Family::kDefault, key, value);
    ASSERT_TRUE((*database)->Write(batch));
  }
  void Damage() { PutDefault("what", "is this"); }
  void LeaveAnOrphanEntry() {
    const auto key = keys::Orphan(InodeId{77});
    PutDefault(key, EncodeOrphan(key));
  }

  test::StoreDirectory directory_;
};

TEST_F(FsckProgram, SaysCleanWithZero) {
  for (const char* option : {"-n", "-y", "-a", "-p", "-f", "-v", "-C0", "--data"}) {
    const auto result = Fsck({option});
    EXPECT_EQ(result.status, 0) << option << result.err;
    EXPECT_THAT(result.out, HasSubstr("clean")) << option;
  }
}

TEST_F(FsckProgram, SaysLeftWithFourCorrectedWithOne) {
  Damage();
  EXPECT_EQ(Fsck({"-n"}).status, 4);
  EXPECT_EQ(Fsck({"-a"}).status, 4);
  EXPECT_EQ(Fsck({}).status, 4);  // nobody to ask
  const auto repaired = Fsck({"-y"});
  EXPECT_EQ(repaired.status, 1);
  EXPECT_THAT(repaired.out, HasSubstr("record-unknown"));
  EXPECT_EQ(Fsck({"-n"}).status, 0);
}

TEST_F(FsckProgram, PreensWhatIsHarmless) {
  LeaveAnOrphanEntry();
  EXPECT_EQ(Fsck({"-n"}).status, 4);
  EXPECT_EQ(Fsck({"-p"}).status, 1);
  EXPECT_EQ(Fsck({"-n"}).status, 0);
}

TEST_F(FsckProgram, ReportsAsJson) {
  Damage();
  const auto result = Fsck({"-n", "--json"});
  const auto report = nlohmann::json::parse(result.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << result.out;
  EXPECT_EQ(report["clean"], false);
  EXPECT_EQ(report["exit_code"], 4);
  EXPECT_EQ(report["problems"][0]["code"], "record-unknown");
}

TEST_F(FsckProgram, SaysEightWhenItCannotCheck) {
  const auto missing = RunCommand({"fsck.faultline", "-n", "/nonexistent/store"});
  EXPECT_EQ(missing.status, 8);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent/store"));
  const auto none = RunCommand({"fsck.faultline", "-n", directory_.Path().parent_path()});
  EXPECT_EQ(none.status, 8);
  EXPECT_THAT(none.err, HasSubstr("not a faultline store"));
  const auto open = directory_.Open();
  EXPECT_EQ(Fsck({"-n"}).status, 8);
}

TEST_F(FsckProgram, SaysSixteenOnBadUsage) {
  EXPECT_EQ(Fsck({"-n", "-y"}).status, 16);
  EXPECT_EQ(Fsck({"--what"}).status, 16);
  EXPECT_EQ(Fsck({"second-store"}).status, 16);
  EXPECT_EQ(RunCommand({"fsck.faultline"}).status, 16);
}

}  // namespace
}  // namespace faultline::store
