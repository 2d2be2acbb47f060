// SPDX-License-Identifier: GPL-2.0-or-later
// Wrong arguments, wrong files, wrong messages: each is named, has its exit code, and harms
// nothing.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/control_protocol.h"
#include "mount/mount_fixture.h"

namespace faultline {
namespace {

using test::CommandResult;
using test::RunCommand;
using testing::HasSubstr;

// Of mount(8).
constexpr int kUsage = 1;
constexpr int kMountFailure = 32;

struct Case {
  const char* name;
  std::vector<std::string> command;  // @STORE, @MNT, @DIR are replaced
  int status;
  const char* complaint;  // in what it prints to stderr
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class BadInput : public test::MountTest, public testing::WithParamInterface<Case> {
 protected:
  // Everything that a case may name.
  void Prepare() {
    MakeStore();
    std::filesystem::create_directory(directory_ + "/empty");
    std::filesystem::create_directory(directory_ + "/other");
    std::ofstream(directory_ + "/other/file") << "precious";
    std::ofstream(directory_ + "/plain") << "precious";
  }
  std::string Expand(std::string word) const {
    for (const auto& [from, to] :
         {std::pair{"@STORE", store_}, {"@MNT", mount_point_}, {"@DIR", directory_}})
      for (size_t at; (at = word.find(from)) != std::string::npos;)
        word.replace(at, std::strlen(from), to);
    return word;
  }
};

TEST_P(BadInput, IsNamedAndHarmsNothing) {
  Prepare();
  std::vector<std::string> command;
  for (const std::string& word : GetParam().command) command.push_back(Expand(word));
  const CommandResult run = RunCommand(command);
  EXPECT_EQ(run.status, GetParam().status) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr(Expand(GetParam().complaint)));
  EXPECT_FALSE(IsMounted());
  std::string precious;
  std::getline(std::ifstream(directory_ + "/other/file"), precious);
  EXPECT_EQ(precious, "precious");
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadInput,
    testing::Values(
        Case{"MountWithoutArguments", {"mount.faultline"}, kUsage, "STORE and MNT"},
        Case{"MountWithOneArgument", {"mount.faultline", "@STORE"}, kUsage, "STORE and MNT"},
        Case{
            "MountWithThreeArguments", {"mount.faultline", "@STORE", "@MNT", "x"}, kUsage, "3 arg"},
        Case{"MountUnknownFlag", {"mount.faultline", "@STORE", "@MNT", "--frob"}, kUsage, "frob"},
        Case{"MountUnknownOption",
             {"mount.faultline", "@STORE", "@MNT", "-o", "rw,frob=1"},
             kUsage,
             "unknown option 'frob=1'"},
        Case{"MountBadCache",
             {"mount.faultline", "@STORE", "@MNT", "-o", "write_cache=x"},
             kUsage,
             "'through' or 'writeback'"},
        Case{"MountBadCommit",
             {"mount.faultline", "@STORE", "@MNT", "-o", "commit=0"},
             kUsage,
             "0.01 to 300"},
        Case{"MountBadLog",
             {"mount.faultline", "@STORE", "@MNT", "--log", "@DIR/no/log"},
             kUsage,
             "@DIR/no/log"},
        Case{"MountMissingStore",
             {"mount.faultline", "@DIR/none", "@MNT"},
             kMountFailure,
             "@DIR/none"},
        Case{"MountMissingMountPoint",
             {"mount.faultline", "@STORE", "@DIR/none"},
             kMountFailure,
             "@DIR/none"},
        Case{"MountOnAFile",
             {"mount.faultline", "@STORE", "@DIR/plain"},
             kMountFailure,
             "directory"},
        Case{"MountInsideTheStore",
             {"mount.faultline", "@STORE", "@STORE/meta"},
             kMountFailure,
             "inside the store"},
        Case{
            "MountOfAFile", {"mount.faultline", "@DIR/plain", "@MNT"}, kMountFailure, "@DIR/plain"},
        Case{"MountOfAnEmptyDirectory",
             {"mount.faultline", "@DIR/empty", "@MNT"},
             kMountFailure,
             "@DIR/empty"},
        Case{"MountOfAnotherDirectory",
             {"mount.faultline", "@DIR/other", "@MNT"},
             kMountFailure,
             "@DIR/other"},
        Case{"UmountOfNothing", {"umount.faultline", "@MNT"}, kUsage, "not a faultline mount"},
        Case{"UmountOfAnotherType", {"umount.faultline", "/proc"}, kUsage, "not a faultline mount"},
        Case{"UmountWithoutArguments", {"umount.faultline"}, kUsage, "usage"},
        Case{"StatusOfAnotherType",
             {"faultline", "status", "/proc"},
             1,
             "/proc is not a faultline mount (proc)"},
        Case{"StatusOfNothing", {"faultline", "status", "@DIR/none"}, 1, "@DIR/none"},
        Case{"StatusWithoutMount", {"faultline", "status"}, 2, "which mount"},
        Case{"LocksWithoutMount", {"faultline", "locks"}, 2, "which mount"},
        Case{"LocksInTwoForms", {"faultline", "locks", "@MNT", "--json", "--dot"}, 2, "either"},
        Case{"LocksOfTwoMounts", {"faultline", "locks", "@MNT", "/x"}, 2, "'/x'"},
        Case{"HangTimeoutOfNothing",
             {"mount.faultline", "@STORE", "@MNT", "-o", "hang_timeout"},
             1,
             "0 (off) to 86400"},
        Case{"OnHangPanic",
             {"mount.faultline", "@STORE", "@MNT", "-o", "on_hang=panic"},
             1,
             "'on_hang=panic'"},
        Case{"StatusUnknownOption", {"faultline", "status", "@MNT", "--frob"}, 2, "--frob"},
        Case{"ControlUnknownCommand", {"faultline", "frob"}, 2, "unknown command 'frob'"},
        Case{"MkfsWithoutArguments", {"mkfs.faultline"}, 2, "STORE"},
        Case{"MkfsOfAStore", {"mkfs.faultline", "@STORE"}, 1, "@STORE"},
        Case{"MkfsOfAFullDirectory", {"mkfs.faultline", "@DIR/other"}, 1, "@DIR/other"},
        Case{"MkfsOfAFile", {"mkfs.faultline", "@DIR/plain"}, 1, "@DIR/plain"},
        Case{"MkfsBadSize", {"mkfs.faultline", "--size", "lots", "@DIR/new"}, 2, "lots"},
        Case{"MkfsTinySize", {"mkfs.faultline", "--size", "1K", "@DIR/new"}, 1, "size"},
        Case{"MkfsLongLabel",
             {"mkfs.faultline", "--label", std::string(65, 'x'), "@DIR/new"},
             1,
             "label"},
        Case{"MkfsInMissingDirectory", {"mkfs.faultline", "@DIR/no/new"}, 1, "@DIR/no"}),
    [](const auto& test) { return std::string(test.param.name); });

class BadStore : public test::MountTest {
 protected:
  void ExpectRefusal(const char* complaint) {
    ExpectErrorsInLog();
    const CommandResult run = TryMount("");
    EXPECT_EQ(run.status, kMountFailure) << run.err;
    EXPECT_THAT(run.err, HasSubstr(complaint));
    EXPECT_FALSE(IsMounted());
    std::filesystem::remove_all(store_);  // nothing for fsck to look at
  }
};

TEST_F(BadStore, UnknownFormatIsRefusedByNumber) {
  MakeStore();
  std::ofstream(store_ + "/FORMAT") << "faultline store, format 99\n";
  ExpectRefusal("99");
}

TEST_F(BadStore, GarbageInsteadOfTheFormatIsRefused) {
  MakeStore();
  std::ofstream(store_ + "/FORMAT") << std::string(1 << 16, '\xff');
  ExpectRefusal("FORMAT");
}

TEST_F(BadStore, MissingVolumeIsNamed) {
  MakeStore();
  std::filesystem::remove(store_ + "/volume");
  ExpectRefusal("volume");
}

TEST_F(BadStore, VolumeOfAnotherStoreIsRefused) {
  MakeStore();
  ASSERT_EQ(RunCommand({"mkfs.faultline", "--size", "256M", directory_ + "/b"}).status, 0);
  std::filesystem::copy_file(directory_ + "/b/volume", store_ + "/volume",
                             std::filesystem::copy_options::overwrite_existing);
  ExpectRefusal("volume");
}

TEST_F(BadStore, MissingDatabaseIsNamed) {
  MakeStore();
  std::filesystem::remove_all(store_ + "/meta");
  ExpectRefusal("meta");
}

class BadIoctl : public test::MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (!IsSkipped()) Mount();
  }
  // errno, or 0
  int Ioctl(unsigned long command, const std::string& name = "") {
    UniqueFd fd(open(Path(name).c_str(), O_RDONLY | O_CLOEXEC));
    return ioctl(fd.get(), command, &message_) == 0 ? 0 : errno;
  }
  control::Message message_;
};

TEST_F(BadIoctl, UnknownNumberIsEnotty) {
  for (unsigned number = 0; number < 256; ++number) {
    const unsigned long command = _IOWR(0xfa, number, control::Message);
    if (command != control::kStatus && command != control::kLocks) {
      EXPECT_EQ(Ioctl(command), ENOTTY) << number;
    }
  }
}

TEST_F(BadIoctl, OtherSizesAreEnotty) {
  EXPECT_EQ(Ioctl(_IO(0xfa, 1)), ENOTTY);
  EXPECT_EQ(Ioctl(_IOR(0xfa, 1, control::Message)), ENOTTY);
  EXPECT_EQ(Ioctl(_IOW(0xfa, 1, control::Message)), ENOTTY);
  EXPECT_EQ(Ioctl(_IOWR(0xfa, 1, char[8])), ENOTTY);
}

TEST_F(BadIoctl, OtherProtocolIsEinval) {
  for (uint32_t protocol : {0u, 2u, ~0u}) {
    message_.protocol = protocol;
    EXPECT_EQ(Ioctl(control::kStatus), EINVAL);
  }
  message_.protocol = control::kProtocol;
  EXPECT_EQ(Ioctl(control::kStatus), 0);
}

TEST_F(BadIoctl, OnlyTheRootAnswers) {
  WriteFile("a", "");
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  EXPECT_EQ(Ioctl(control::kStatus, "a"), EINVAL);
  EXPECT_EQ(Ioctl(control::kStatus, "d"), EINVAL);
  const CommandResult status = RunCommand({"faultline", "status", Path("d")});
  EXPECT_EQ(status.status, 1);
  EXPECT_THAT(status.err, HasSubstr("name its root"));
}

}  // namespace
}  // namespace faultline
