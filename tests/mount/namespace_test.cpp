// SPDX-License-Identifier: GPL-2.0-or-later
// What POSIX says of names and directories, through a real mount.
#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "mount/mount_fixture.h"

namespace faultline {
namespace {

using testing::UnorderedElementsAreArray;

class Namespace : public test::CacheModeTest {
 protected:
  std::vector<std::string> List(const std::string& directory) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Path(directory)))
      names.push_back(entry.path().filename());
    return names;
  }
  struct stat Stat(const std::string& name) const {
    struct stat st {};
    EXPECT_EQ(lstat(Path(name).c_str(), &st), 0) << name;
    return st;
  }
  int Rename(const std::string& from, const std::string& to, unsigned flags = 0) const {
    return renameat2(AT_FDCWD, Path(from).c_str(), AT_FDCWD, Path(to).c_str(), flags);
  }
  int Mkdir(const std::string& name) const { return mkdir(Path(name).c_str(), 0755); }
};
FL_IN_BOTH_CACHE_MODES(Namespace);

TEST_P(Namespace, NewFileIsThereAfterRemount) {
  WriteFile("a", "hello");
  Remount();
  EXPECT_EQ(ReadFile("a"), "hello");
}

TEST_P(Namespace, MissingNameIsEnoent) {
  EXPECT_ERRNO(access(Path("nothing").c_str(), F_OK), ENOENT);
  EXPECT_ERRNO(open(Path("nothing/below").c_str(), O_RDONLY), ENOENT);
  EXPECT_ERRNO(unlink(Path("nothing").c_str()), ENOENT);
  EXPECT_ERRNO(rmdir(Path("nothing").c_str()), ENOENT);
}

TEST_P(Namespace, NameThatWasMissingAppearsWhenItIsMade) {
  EXPECT_ERRNO(access(Path("a").c_str(), F_OK), ENOENT);  // the kernel remembers it
  WriteFile("a", "");
  EXPECT_EQ(access(Path("a").c_str(), F_OK), 0);
}

TEST_P(Namespace, ExclusiveCreateOfAnExistingNameIsEexist) {
  WriteFile("a", "");
  EXPECT_ERRNO(open(Path("a").c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
  EXPECT_ERRNO(mkdir(Path("a").c_str(), 0755), EEXIST);
}

TEST_P(Namespace, ModeOfANewFileRespectsUmask) {
  const mode_t old = umask(027);
  { Open("a", O_CREAT | O_WRONLY, 0666); }
  ASSERT_SYS(Mkdir("d"));
  umask(old);
  EXPECT_EQ(Stat("a").st_mode, static_cast<mode_t>(S_IFREG | 0640));
  EXPECT_EQ(Stat("d").st_mode, static_cast<mode_t>(S_IFDIR | 0750));
}

TEST_P(Namespace, NewEntryInASetgidDirectoryInheritsItsGroup) {
  ASSERT_SYS(Mkdir("d"));
  ASSERT_SYS(chown(Path("d").c_str(), 0, 1234));
  ASSERT_SYS(chmod(Path("d").c_str(), 02755));
  WriteFile("d/a", "");
  ASSERT_SYS(Mkdir("d/e"));
  EXPECT_EQ(Stat("d/a").st_gid, 1234u);
  EXPECT_EQ(Stat("d/e").st_gid, 1234u);
  EXPECT_TRUE(Stat("d/e").st_mode & S_ISGID);
}

TEST_P(Namespace, LongestNameIs255Bytes) {
  WriteFile(std::string(255, 'x'), "long");
  EXPECT_EQ(ReadFile(std::string(255, 'x')), "long");
  EXPECT_ERRNO(open(Path(std::string(256, 'x')).c_str(), O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
}

TEST_P(Namespace, NameIsAnyBytesButSlashAndZero) {
  const std::string name = "\x01\xff\n\\ \"'\xc3";
  WriteFile(name, "odd");
  EXPECT_THAT(List(""), testing::ElementsAre(name));
  Remount();
  EXPECT_EQ(ReadFile(name), "odd");
}

TEST_P(Namespace, DirectoryListsEachOfManyNamesOnce) {
  std::vector<std::string> names;
  ASSERT_SYS(Mkdir("d"));
  for (int i = 0; i < 3000; ++i) {
    names.push_back("name-" + std::to_string(i * 7919));
    ASSERT_TRUE(Open("d/" + names.back(), O_CREAT | O_WRONLY));
  }
  EXPECT_THAT(List("d"), UnorderedElementsAreArray(names));
  Remount();
  EXPECT_THAT(List("d"), UnorderedElementsAreArray(names));
}

// readdir(3): whether an entry that is made or removed meanwhile is returned is unspecified. The
// others are.
TEST_P(Namespace, ListingSurvivesRemovalMeanwhile) {
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(Open("f" + std::to_string(i), O_CREAT | O_WRONLY));
  DIR* directory = opendir(mount_point_.c_str());
  ASSERT_NE(directory, nullptr);
  size_t seen = 0;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != 'f') continue;
    ++seen;
    ASSERT_SYS(unlink(Path(entry->d_name).c_str()));
  }
  closedir(directory);
  EXPECT_EQ(seen, 1000u);
  EXPECT_THAT(List(""), testing::IsEmpty());
}

TEST_P(Namespace, SeekdirContinuesWhereTelldirWas) {
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(Open("f" + std::to_string(i), O_CREAT | O_WRONLY));
  DIR* directory = opendir(mount_point_.c_str());
  ASSERT_NE(directory, nullptr);
  for (int i = 0; i < 150; ++i) ASSERT_NE(readdir(directory), nullptr);
  const long place = telldir(directory);
  const std::string next = readdir(directory)->d_name;
  while (readdir(directory) != nullptr) {
  }
  seekdir(directory, place);
  EXPECT_EQ(readdir(directory)->d_name, next);
  closedir(directory);
}

TEST_P(Namespace, DotDotOfADirectoryIsItsParent) {
  ASSERT_SYS(Mkdir("d"));
  ASSERT_SYS(Mkdir("e"));
  ASSERT_SYS(Mkdir("d/sub"));
  EXPECT_EQ(Stat("d/sub/..").st_ino, Stat("d").st_ino);
  ASSERT_SYS(Rename("d/sub", "e/sub"));
  EXPECT_EQ(Stat("e/sub/..").st_ino, Stat("e").st_ino);
  Remount();
  EXPECT_EQ(Stat("e/sub/..").st_ino, Stat("e").st_ino);
}

TEST_P(Namespace, LinkCountOfADirectoryCountsItsSubdirectories) {
  const nlink_t before = Stat("").st_nlink;
  ASSERT_SYS(Mkdir("d"));
  EXPECT_EQ(Stat("").st_nlink, before + 1);
  EXPECT_EQ(Stat("d").st_nlink, 2u);
  ASSERT_SYS(rmdir(Path("d").c_str()));
  EXPECT_EQ(Stat("").st_nlink, before);
}

TEST_P(Namespace, OnlyAnEmptyDirectoryIsRemoved) {
  ASSERT_SYS(Mkdir("d"));
  WriteFile("d/a", "");
  EXPECT_ERRNO(rmdir(Path("d").c_str()), ENOTEMPTY);
  ASSERT_SYS(unlink(Path("d/a").c_str()));
  ASSERT_SYS(rmdir(Path("d").c_str()));
}

TEST_P(Namespace, UnlinkIsForFilesAndRmdirForDirectories) {
  ASSERT_SYS(Mkdir("d"));
  WriteFile("a", "");
  EXPECT_ERRNO(unlink(Path("d").c_str()), EISDIR);
  EXPECT_ERRNO(rmdir(Path("a").c_str()), ENOTDIR);
}

TEST_P(Namespace, RenameReplacesAFile) {
  WriteFile("a", "new");
  WriteFile("b", "old");
  ASSERT_SYS(Rename("a", "b"));
  EXPECT_EQ(ReadFile("b"), "new");
  EXPECT_ERRNO(access(Path("a").c_str(), F_OK), ENOENT);
  Remount();
  EXPECT_EQ(ReadFile("b"), "new");
}

TEST_P(Namespace, RenameReplacesOnlyAnEmptyDirectory) {
  ASSERT_SYS(Mkdir("d"));
  ASSERT_SYS(Mkdir("empty"));
  ASSERT_SYS(Mkdir("full"));
  WriteFile("full/a", "");
  EXPECT_ERRNO(Rename("d", "full"), ENOTEMPTY);
  EXPECT_SYS(Rename("d", "empty"));
}

TEST_P(Namespace, RenameDoesNotMixFilesAndDirectories) {
  ASSERT_SYS(Mkdir("d"));
  WriteFile("a", "");
  EXPECT_ERRNO(Rename("a", "d"), EISDIR);
  EXPECT_ERRNO(Rename("d", "a"), ENOTDIR);
}

TEST_P(Namespace, DirectoryDoesNotMoveBelowItself) {
  ASSERT_SYS(Mkdir("d"));
  ASSERT_SYS(Mkdir("d/e"));
  EXPECT_ERRNO(Rename("d", "d/e/f"), EINVAL);
}

TEST_P(Namespace, RenameWithNoreplaceIsEexist) {
  WriteFile("a", "a");
  WriteFile("b", "b");
  EXPECT_ERRNO(Rename("a", "b", RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(ReadFile("b"), "b");
  EXPECT_SYS(Rename("a", "c", RENAME_NOREPLACE));
}

TEST_P(Namespace, ExchangeSwapsAFileAndADirectory) {
  WriteFile("a", "file");
  ASSERT_SYS(Mkdir("d"));
  WriteFile("d/inside", "x");
  ASSERT_SYS(Rename("a", "d", RENAME_EXCHANGE));
  EXPECT_EQ(ReadFile("d"), "file");
  EXPECT_EQ(ReadFile("a/inside"), "x");
  Remount();
  EXPECT_EQ(ReadFile("d"), "file");
  EXPECT_EQ(ReadFile("a/inside"), "x");
}

TEST_P(Namespace, WhiteoutIsRefused) {
  WriteFile("a", "");
  EXPECT_ERRNO(Rename("a", "b", RENAME_WHITEOUT), EINVAL);
}

TEST_P(Namespace, UnlinkedFileLivesUntilItsLastClose) {
  WriteFile("a", "still here");
  UniqueFd file = Open("a", O_RDWR);
  ASSERT_SYS(unlink(Path("a").c_str()));
  char data[10];
  EXPECT_EQ(pread(file.get(), data, 10, 0), 10);
  EXPECT_EQ(pwrite(file.get(), "x", 1, 20), 1);
  struct stat st;
  ASSERT_SYS(fstat(file.get(), &st));
  EXPECT_EQ(st.st_nlink, 0u);
  EXPECT_EQ(st.st_size, 21);
}

TEST_P(Namespace, SpaceOfAnUnlinkedFileComesBack) {
  auto available = [this] { return std::filesystem::space(mount_point_).available; };
  const uintmax_t before = available();
  {
    UniqueFd file = Open("a", O_CREAT | O_RDWR);
    const std::string data(32 << 20, 'x');
    ASSERT_EQ(pwrite(file.get(), data.data(), data.size(), 0), static_cast<ssize_t>(data.size()));
    ASSERT_SYS(fsync(file.get()));
    ASSERT_SYS(unlink(Path("a").c_str()));
    EXPECT_LT(available(), before - (24 << 20));
  }
  // RELEASE and FORGET are asynchronous.
  for (int i = 0; i < 500 && available() + (1 << 20) < before; ++i) usleep(10000);
  EXPECT_GE(available() + (1 << 20), before);
}

TEST_P(Namespace, OtherTypesOfInodesAreNotMadeYet) {
  EXPECT_ERRNO(mkfifo(Path("p").c_str(), 0644), EOPNOTSUPP);
  EXPECT_THAT(List(""), testing::IsEmpty());
}

TEST_P(Namespace, MknodMakesARegularFile) {
  ASSERT_SYS(mknod(Path("a").c_str(), S_IFREG | 0600, 0));
  EXPECT_EQ(Stat("a").st_mode, static_cast<mode_t>(S_IFREG | 0600));
}

// What an NFS server and our own flush use: by then the kernel may have forgotten the inode.
TEST_P(Namespace, HandleLeadsToAFileThatTheKernelHasForgotten) {
  WriteFile("a", "by handle");
  struct {
    file_handle handle;
    char bytes[128];
  } storage{};
  storage.handle.handle_bytes = sizeof storage.bytes;
  int mount_id;
  ASSERT_SYS(name_to_handle_at(AT_FDCWD, Path("a").c_str(), &storage.handle, &mount_id, 0));
  {
    UniqueFd caches(open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(write(caches.get(), "2", 1), 1);
  }
  UniqueFd root(open(mount_point_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  UniqueFd file(open_by_handle_at(root.get(), &storage.handle, O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file) << std::strerror(errno);
  char data[9];
  EXPECT_EQ(pread(file.get(), data, 9, 0), 9);
}

TEST_P(Namespace, PermissionsAreEnforced) {
  WriteFile("secret", "x");
  ASSERT_SYS(chmod(Path("secret").c_str(), 0600));
  WriteFile("public", "x");
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(9);
    if (open(Path("secret").c_str(), O_RDONLY) >= 0 || errno != EACCES) _exit(1);
    if (open(Path("public").c_str(), O_RDONLY) < 0) _exit(2);
    if (open(Path("new").c_str(), O_CREAT | O_WRONLY, 0644) >= 0 || errno != EACCES) _exit(3);
    if (unlink(Path("public").c_str()) == 0 || errno != EACCES) _exit(4);
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace faultline
