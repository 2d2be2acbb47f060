// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/mount_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace faultline::fuse {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

Result<MountOptions> Parse(std::string_view list, bool sloppy = false) {
  MountOptions options;
  FL_TRY(ParseMountOptions(list, sloppy, options));
  return options;
}

TEST(MountOptions, DefaultsAreWriteThroughReadWriteFiveSeconds) {
  auto options = Parse("");
  ASSERT_TRUE(options);
  EXPECT_FALSE(options->writeback_cache);
  EXPECT_FALSE(options->read_only);
  EXPECT_EQ(options->commit_interval, milliseconds(5000));
  EXPECT_FALSE(options->lock_validator);
  EXPECT_THAT(options->kernel, ElementsAre());
}

TEST(MountOptions, OwnOptionsAreUnderstood) {
  auto options = Parse("write_cache=writeback,commit=0.25,lock_validator=report,readahead=64,ro");
  ASSERT_TRUE(options) << options.error().ToString();
  EXPECT_TRUE(options->writeback_cache);
  EXPECT_EQ(options->commit_interval, milliseconds(250));
  EXPECT_EQ(options->lock_validator, lock::ValidatorMode::kReport);
  EXPECT_EQ(options->readahead_kib, 64u);
  EXPECT_TRUE(options->read_only);
}

TEST(MountOptions, LaterOptionWins) {
  EXPECT_FALSE(Parse("ro,rw")->read_only);
  EXPECT_FALSE(Parse("write_cache=writeback,write_cache=through")->writeback_cache);
}

TEST(MountOptions, KernelGetsWhatIsItsOwn) {
  EXPECT_THAT(Parse("rw,noatime,nosuid,context=a:b,allow_other")->kernel,
              ElementsAre("noatime", "nosuid", "context=a:b", "allow_other"));
}

TEST(MountOptions, CommaInsideQuotationMarksDoesNotSeparate) {
  EXPECT_THAT(Parse("context=\"a:c0,c1\",noexec")->kernel,
              ElementsAre("context=\"a:c0,c1\"", "noexec"));
}

TEST(MountOptions, WordsForMountAndFstabAreLeftToThem) {
  auto options = Parse(
      "defaults,noauto,user,user=joe,users,nofail,_netdev,x-systemd.automount,X-mount.mkdir=0755,"
      "comment=hello,relatime,default_permissions");
  ASSERT_TRUE(options) << options.error().ToString();
  EXPECT_THAT(options->kernel, ElementsAre());
}

TEST(MountOptions, SloppyLetsUnknownOnesPass) { EXPECT_TRUE(Parse("frobnicate=3", true)); }

TEST(MountOptions, SloppyDoesNotForgiveWrongValues) { EXPECT_FALSE(Parse("commit=x", true)); }

struct BadCase {
  const char* list;
  const char* complaint;
};
class BadMountOptions : public testing::TestWithParam<BadCase> {};

TEST_P(BadMountOptions, AreNamedInTheError) {
  auto options = Parse(GetParam().list);
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code(), EINVAL);
  EXPECT_THAT(options.error().message(), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadMountOptions,
    testing::Values(
        BadCase{"frobnicate", "unknown option 'frobnicate'"},
        BadCase{"rw,frob=1", "unknown option 'frob=1'"},
        BadCase{"write_cache", "'through' or 'writeback'"},
        BadCase{"write_cache=", "'through' or 'writeback'"},
        BadCase{"write_cache=back", "'write_cache=back'"}, BadCase{"commit", "0.01 to 300"},
        BadCase{"commit=0", "'commit=0'"}, BadCase{"commit=-1", "'commit=-1'"},
        BadCase{"commit=301", "'commit=301'"}, BadCase{"readahead", "0 to 65536"},
        BadCase{"readahead=70000", "'readahead=70000'"}, BadCase{"readahead=-1", "'readahead=-1'"},
        BadCase{"readahead=1M", "'readahead=1M'"}, BadCase{"commit=5s", "'commit=5s'"},
        BadCase{"commit=nan", "'commit=nan'"}, BadCase{"commit=1e400", "'commit=1e400'"},
        BadCase{"lock_validator=on", "'off', 'report' or 'abort'"},
        BadCase{"ro=1", "ro takes no value"}, BadCase{"noatime=1", "'noatime=1'"},
        BadCase{"context", "'context'"}, BadCase{"=", "unknown option '='"},
        BadCase{"remount,ro", "mounting again"}, BadCase{"RO", "unknown option 'RO'"}));

}  // namespace
}  // namespace faultline::fuse
