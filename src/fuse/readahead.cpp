// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/readahead.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>

#include "base/unique_fd.h"

namespace faultline::fuse {
namespace {

std::string PathOf(dev_t device) {
  return fmt::format("/sys/class/bdi/{}:{}/read_ahead_kb", major(device), minor(device));
}

}  // namespace

Result<> SetReadahead(dev_t device, unsigned kib) {
  const std::string path = PathOf(device);
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return Fail(errno, "{}", path);
  const std::string text = std::to_string(kib);
  if (write(file.get(), text.data(), text.size()) < 0) return Fail(errno, "{}", path);
  return {};
}

Result<unsigned> GetReadahead(dev_t device) {
  const std::string path = PathOf(device);
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return Fail(errno, "{}", path);
  char text[32];
  const ssize_t size = read(file.get(), text, sizeof text);
  unsigned kib = 0;
  if (size < 0) return Fail(errno, "{}", path);
  if (std::from_chars(text, text + size, kib).ec != std::errc()) return Fail(EINVAL, "{}", path);
  return kib;
}

}  // namespace faultline::fuse
