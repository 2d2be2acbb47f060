// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/layout.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "base/unique_fd.h"
#include "store/records.h"

namespace faultline::store {

namespace {

constexpr std::string_view kFormatPrefix = "faultline store, format ";

// The first bytes of a file; enough of FORMAT, whatever stands there.
Result<std::string> ReadStart(const std::filesystem::path& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Fail(errno, "{}", path.native());
  std::array<char, 128> buffer;
  const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
  if (got < 0) return Fail(errno, "{}", path.native());
  return std::string(buffer.data(), static_cast<size_t>(got));
}

}  // namespace

std::string FormatLine() { return fmt::format("{}{}\n", kFormatPrefix, kFormatVersion); }

Result<> CheckFormat(const Layout& layout) {
  struct stat st;
  if (stat(layout.root.c_str(), &st) != 0) return Fail(errno, "{}", layout.root.native());
  if (!S_ISDIR(st.st_mode)) return Fail(ENOTDIR, "{}", layout.root.native());
  auto text = ReadStart(layout.Format());
  if (!text && text.error().code() == ENOENT)
    return Fail(EUCLEAN, "{} is not a faultline store (it has no FORMAT file)",
                layout.root.native());
  if (!text) return tl::unexpected(text.error());
  if (*text == kUnfinishedLine)
    return Fail(EUCLEAN, "{}: mkfs did not finish; make the store again with mkfs.faultline -f",
                layout.root.native());
  if (!text->starts_with(kFormatPrefix) || !text->ends_with('\n'))
    return Fail(EUCLEAN, "{} is not a faultline store: FORMAT does not say so",
                layout.root.native());
  uint32_t version = 0;
  const char* digits = text->data() + kFormatPrefix.size();
  const char* end = text->data() + text->size() - 1;
  const auto parsed = std::from_chars(digits, end, version);
  if (parsed.ec != std::errc{} || parsed.ptr != end)
    return Fail(EUCLEAN, "{}: FORMAT has no readable version number", layout.root.native());
  if (version != kFormatVersion)
    return Fail(EPROTONOSUPPORT, "{} has store format {}, this program knows format {}",
                layout.root.native(), version, kFormatVersion);
  return {};
}

Result<> WriteFileDurably(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path temporary = path.native() + ".new";
  UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return Fail(errno, "{}", temporary.native());
  const ssize_t written = write(fd.get(), content.data(), content.size());
  if (written != static_cast<ssize_t>(content.size()))
    return Fail(written < 0 ? errno : ENOSPC, "{}", temporary.native());
  if (fsync(fd.get()) != 0) return Fail(errno, "{}", temporary.native());
  if (rename(temporary.c_str(), path.c_str()) != 0) return Fail(errno, "{}", path.native());
  return SyncDirectory(path.parent_path());
}

Result<> SyncDirectory(const std::filesystem::path& directory) {
  UniqueFd fd(
      open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) return Fail(errno, "{}", directory.native());
  return {};
}

}  // namespace faultline::store
