// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/format.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "base/test_point.h"
#include "store/layout.h"
#include "support/paths.h"
#include "support/store_directory.h"

namespace faultline::store {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;
using test_point::Action;

FormatOptions Options(bool force = false) {
  FormatOptions options;
  options.size = uint64_t{16} << 20;
  options.limits = test::SmallLimits();
  options.force = force;
  return options;
}

class FormatTest : public testing::Test {
 protected:
  fs::path Store() const { return directory_.Path() / "store"; }
  int Code(const FormatOptions& options) const {
    auto made = Format(Store(), options);
    return made ? 0 : made.error().code();
  }
  void Touch(std::string_view name) const { std::ofstream(Store() / name) << "precious"; }

  TemporaryDirectory directory_;
};

TEST_F(FormatTest, MakesTheDirectoryOrUsesAnEmptyOne) {
  EXPECT_EQ(Code(Options()), 0);
  EXPECT_TRUE(CheckFormat(Layout{Store()}));
  fs::remove_all(Store());
  fs::create_directory(Store());
  fs::create_directory(Store() / "lost+found");
  EXPECT_EQ(Code(Options()), 0) << "the root of a fresh file system counts as empty";
}

TEST_F(FormatTest, ReplacesAStoreByForceOnly) {
  auto first = Format(Store(), Options());
  ASSERT_TRUE(first);
  EXPECT_EQ(Code(Options()), EEXIST);
  auto second = Format(Store(), Options(true));
  ASSERT_TRUE(second) << second.error().ToString();
  EXPECT_NE(first->uuid, second->uuid);
  EXPECT_NE(first->name_hash_seed, second->name_hash_seed);
}

TEST_F(FormatTest, ReplacesAStoreOfAnUnknownFormatByForce) {
  ASSERT_EQ(Code(Options()), 0);
  std::ofstream(Layout{Store()}.Format()) << "faultline store, format 99\n";
  EXPECT_EQ(Code(Options()), EEXIST);
  EXPECT_EQ(Code(Options(true)), 0);
}

TEST_F(FormatTest, NeverTouchesWhatIsNoStore) {
  fs::create_directory(Store());
  Touch("thesis.tex");
  EXPECT_EQ(Code(Options()), ENOTEMPTY);
  EXPECT_EQ(Code(Options(true)), ENOTEMPTY);
  EXPECT_EQ(std::distance(fs::directory_iterator(Store()), {}), 1);
  fs::remove(Store() / "thesis.tex");
  Touch("volume");  // a name of ours alone does not make a store
  EXPECT_EQ(Code(Options(true)), ENOTEMPTY);
  EXPECT_EQ(std::distance(fs::directory_iterator(Store()), {}), 1);
}

TEST_F(FormatTest, NeverTouchesForeignFilesInAStore) {
  ASSERT_EQ(Code(Options()), 0);
  Touch("notes");
  EXPECT_EQ(Code(Options(true)), ENOTEMPTY);
  EXPECT_TRUE(CheckFormat(Layout{Store()}));
}

TEST_F(FormatTest, NeverReplacesAStoreThatIsOpen) {
  test::StoreDirectory open;
  auto store = open.Open();
  auto made = Format(open.Path(), Options(true));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), EBUSY);
  EXPECT_NE(made.error().message().find("a test"), std::string::npos);
}

TEST_F(FormatTest, BadOptionsAreRefusedBeforeAnythingIsTouched) {
  FormatOptions options = Options();
  options.size = kMinVolumeBytes - 1;
  EXPECT_EQ(Code(options), EINVAL);
  options.size = kMaxVolumeBytes + 1;
  EXPECT_EQ(Code(options), EINVAL);
  options = Options();
  options.label = std::string(kMaxLabelLength + 1, 'x');
  EXPECT_EQ(Code(options), EINVAL);
  EXPECT_FALSE(fs::exists(Store()));
}

TEST_F(FormatTest, AFileIsNotADirectory) {
  std::ofstream(Store()) << "x";
  EXPECT_EQ(Code(Options(true)), ENOTDIR);
  EXPECT_EQ(Format("/nonexistent/dir/store", Options()).error().code(), ENOENT);
}

class InterruptedFormatDeathTest : public testing::TestWithParam<const char*> {};

TEST_P(InterruptedFormatDeathTest, IsNotMistakenForAStore) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  // In its own place: the threadsafe style runs the test again, in another process, up to here.
  const fs::path store = fs::temp_directory_path() / (std::string("faultline.") + GetParam());
  fs::remove_all(store);
  EXPECT_EXIT(
      {
        test_point::Arm(GetParam(), Action::Crash(42));
        (void)Format(store, Options());
      },
      testing::ExitedWithCode(42), "");
  auto check = CheckFormat(Layout{store});
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code(), EUCLEAN);
  EXPECT_FALSE(Store::Open(store, {}));
  auto again = Format(store, Options());
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), EEXIST) << "it may still be somebody's old store";
  EXPECT_TRUE(Format(store, Options(true)));
  EXPECT_TRUE(Store::Open(store, {}));
  fs::remove_all(store);
}

INSTANTIATE_TEST_SUITE_P(At, InterruptedFormatDeathTest,
                         testing::Values("store.format.unfinished", "store.format.ballast",
                                         "store.format.volume", "store.format.database"));

TEST(SizeText, IsReadAndWritten) {
  EXPECT_EQ(ParseSize("4096"), 4096);
  EXPECT_EQ(ParseSize("64K"), 64 << 10);
  EXPECT_EQ(ParseSize("5m"), 5 << 20);
  EXPECT_EQ(ParseSize("64G"), uint64_t{64} << 30);
  EXPECT_EQ(ParseSize("2T"), uint64_t{2} << 40);
  for (const char* bad : {"", "G", "-1", "1.5G", "64GB", "1X", " 1", "99999999999999999999",
                          "99999999999T", "0x10", "1K "})
    EXPECT_FALSE(ParseSize(bad)) << bad;
  EXPECT_EQ(SizeText(512), "512 bytes");
  EXPECT_EQ(SizeText(uint64_t{64} << 30), "64 GiB");
  EXPECT_EQ(SizeText(1536), "1.5 KiB");
}

// The program, as a table: arguments, exit code, words of the message.
struct MkfsCase {
  std::string arguments;
  int exit_code;
  std::string words;
};

TEST_F(FormatTest, TheProgramAnswersBadInputWithAMessageAndAnExitCode) {
  const fs::path program = test::BinDirectory() / "mkfs.faultline";
  if (!fs::exists(program)) GTEST_SKIP() << program << " is not built";
  const std::string store = Store().native();
  fs::create_directory(directory_.Path() / "full");
  std::ofstream(directory_.Path() / "full" / "file") << "x";
  const std::string full = (directory_.Path() / "full").native();
  const std::vector<MkfsCase> cases = {
      {"", 2, "no STORE given"},
      {"--size 1G", 2, "no STORE given"},
      {"--frobnicate " + store, 2, "frobnicate"},
      {"--size 12Q " + store, 2, "\"12Q\" is not a size"},
      {"--size 0 " + store, 2, "--size"},
      {"--size 1K " + store, 1, "not between"},
      {"--size " + store, 2, ""},
      {store + " " + store, 2, ""},
      {"/proc/nothing", 1, "/proc/nothing"},
      {"/etc/passwd", 1, "Not a directory"},
      {full, 1, "holds \"file\""},
      {"-f " + full, 1, "holds \"file\""},
      {"--label " + std::string(65, 'x') + " " + store, 1, "at most 64 bytes"},
      {"--size 16M --label hello " + store, 0, "16 MiB"},
      {"--size 16M " + store, 1, "-f replaces it"},
      {"-f --size 16M " + store, 0, "16 MiB"},
      {"--help", 0, "Usage"},
      {"--version", 0, "format 1"},
  };
  for (const MkfsCase& c : cases) {
    SCOPED_TRACE("mkfs.faultline " + c.arguments);
    FILE* pipe = popen((program.native() + " " + c.arguments + " 2>&1").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string output;
    for (int c2 = fgetc(pipe); c2 != EOF; c2 = fgetc(pipe)) output.push_back(static_cast<char>(c2));
    EXPECT_EQ(WEXITSTATUS(pclose(pipe)), c.exit_code) << output;
    EXPECT_NE(output.find(c.words), std::string::npos) << output;
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(full), {}), 1);
}

}  // namespace
}  // namespace faultline::store
