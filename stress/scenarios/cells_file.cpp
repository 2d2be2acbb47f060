// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenarios/cells_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "io/file.h"

namespace faultline::stress {

Result<CellsFile> CellsFile::Create(const std::string& path, uint64_t id, uint32_t cells) {
  CellsFile file(path, id, cells);
  FL_TRY(file.Open(O_CREAT | O_TRUNC));
  return file;
}

Result<> CellsFile::Open(int extra_flags) {
  FL_ASSIGN_OR_RETURN(fd_, OpenFile(path_, O_RDWR | extra_flags));
  FL_TRY(SetSize(fd_.get(), size()));
  FL_ASSIGN_OR_RETURN(shared_, Mapping::Map(fd_.get(), size()));
  FL_ASSIGN_OR_RETURN(private_, Mapping::Map(fd_.get(), size(), Mapping::Kind::kPrivate));
  direct_.Reset();
  if (auto direct = OpenFile(path_, O_RDONLY | O_DIRECT)) {
    AlignedBuffer probe(kPageSize);
    if (ReadAt(direct->get(), probe.bytes(), 0)) direct_ = std::move(*direct);
  }
  return {};
}

Result<> CellsFile::Recreate() {
  if (unlink(path_.c_str()) != 0) return Fail(errno, "unlink {}", path_);
  return Open(O_CREAT | O_EXCL);
}

}  // namespace faultline::stress
