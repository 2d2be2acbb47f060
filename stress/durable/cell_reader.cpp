// SPDX-License-Identifier: GPL-2.0-or-later
#include "durable/cell_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "io/fault_guard.h"
#include "io/file.h"
#include "io/mapped_memory.h"
#include "io/mapping.h"

namespace faultline::stress {
namespace {

Result<> CheckSize(int fd, const std::string& path, uint64_t size) {
  struct stat status;
  if (fstat(fd, &status) != 0) return Fail(errno, "{}", path);
  if (static_cast<uint64_t>(status.st_size) != size)
    return Fail(EIO, "{} has {} bytes instead of {}", path, status.st_size, size);
  return {};
}

Result<> ReadWhole(int fd, const std::string& path, std::span<std::byte> into) {
  FL_ASSIGN_OR_RETURN(size_t got, ReadAt(fd, into, 0));
  if (got != into.size()) return Fail(EIO, "{}: read {} of {} bytes", path, got, into.size());
  return {};
}

}  // namespace

Result<> ReadEveryWay(const std::string& path, uint64_t size,
                      const std::function<void(std::span<const std::byte>, const char*)>& take) {
  FL_ASSIGN_OR_RETURN(UniqueFd file, OpenFile(path, O_RDONLY));
  FL_TRY(CheckSize(file.get(), path, size));
  AlignedBuffer buffer(size);
  FL_TRY(ReadWhole(file.get(), path, buffer.bytes()));
  take(buffer.bytes(), "pread");

  FL_ASSIGN_OR_RETURN(Mapping mapping,
                      Mapping::Map(file.get(), size, Mapping::Kind::kSharedReadOnly));
  if (!Guarded([&] { CopyMapped(buffer.bytes().data(), mapping.data(), size); }))
    return Fail(EIO, "{}: SIGBUS inside the file", path);
  take(buffer.bytes(), "a load");

  if (auto direct = OpenFile(path, O_RDONLY | O_DIRECT)) {
    if (ReadWhole(direct->get(), path, buffer.bytes())) take(buffer.bytes(), "an O_DIRECT read");
  }
  return {};
}

}  // namespace faultline::stress
