// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/control/mount_client.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "base/mount_table.h"

namespace faultline::control {
namespace {

// The mount that a file is on: the last one with its device.
MountEntry FindMountOf(dev_t device) {
  Result<std::vector<MountEntry>> table = ReadMountTable();
  if (!table) return {};
  for (auto entry = table->rbegin(); entry != table->rend(); ++entry)
    if (entry->device == device) return *entry;
  return {};
}

Result<> CheckIsFaultline(const std::string& path, const struct stat& st) {
  const MountEntry mount = FindMountOf(st.st_dev);
  if (mount.type != kMountType)
    return Fail(EMEDIUMTYPE, "{} is not a faultline mount ({})", path,
                mount.type.empty() ? "of unknown type" : mount.type);
  if (st.st_ino != 1)
    return Fail(EMEDIUMTYPE, "{} is inside a faultline mount; name its root, {}", path,
                mount.mount_point);
  return {};
}

}  // namespace

Result<MountClient> MountClient::Open(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd && errno == ENOTCONN)
    return Fail(ENOTCONN, "the daemon of {} has died; 'umount {}' and mount it again", path, path);
  struct stat st;
  if (!fd || fstat(fd.get(), &st) != 0) return Fail(errno, "{}", path);
  FL_TRY(CheckIsFaultline(path, st));
  return MountClient(path, std::move(fd));
}

Result<std::string> MountClient::Ask(unsigned long command) const {
  auto message = std::make_unique<Message>();
  std::string text;
  do {
    message->offset = text.size();
    FL_TRY(AskPage(command, *message));
    if (message->offset != text.size() || message->text_size > kTextSize)
      return Fail(EBADMSG, "{}: the answer is damaged", path_);
    text.append(message->text, message->text_size);
  } while (message->text_size != 0 && text.size() < message->total_size);
  return text;
}

Result<> MountClient::AskPage(unsigned long command, Message& message) const {
  if (ioctl(root_.get(), command, &message) == 0) return {};
  if (errno == ENOTTY || errno == EINVAL)
    return Fail(errno, "the daemon of {} is of another version and does not know this command",
                path_);
  return Fail(errno, "{}", path_);
}

}  // namespace faultline::control
