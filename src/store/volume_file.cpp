// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/volume_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/types.h"
#include "base/unique_fd.h"
#include "store/io_ring.h"

namespace faultline::store {

namespace {

class PosixVolumeFile final : public VolumeFile {
 public:
  PosixVolumeFile(UniqueFd fd, bool direct) : fd_(std::move(fd)), direct_(direct) {}

  Result<> Read(uint64_t offset, std::span<std::byte> out) override {
    while (!out.empty()) {
      const ssize_t got = pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Fail(errno);
      if (got == 0) {
        std::fill(out.begin(), out.end(), std::byte{0});
        return {};
      }
      out = out.subspan(static_cast<size_t>(got));
      offset += static_cast<uint64_t>(got);
    }
    return {};
  }

  Result<> ReadMany(std::span<const FileRead> reads, const ReadDone& done) override {
    IoRing* ring = direct_ && reads.size() > 1 ? IoRing::OfThisThread() : nullptr;
    return ring ? ring->Read(fd_.get(), reads, done, *this) : VolumeFile::ReadMany(reads, done);
  }

  Result<> Write(uint64_t offset, std::span<const std::byte> data) override {
    while (!data.empty()) {
      const ssize_t put = pwrite(fd_.get(), data.data(), data.size(), static_cast<off_t>(offset));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return Fail(errno);
      data = data.subspan(static_cast<size_t>(put));
      offset += static_cast<uint64_t>(put);
    }
    return {};
  }

  Result<> SyncData() override {
    if (fdatasync(fd_.get()) != 0) return Fail(errno);
    return {};
  }

  Result<uint64_t> Size() override {
    struct stat st;
    if (fstat(fd_.get(), &st) != 0) return Fail(errno);
    return static_cast<uint64_t>(st.st_size);
  }

  Result<> Grow(uint64_t size) override {
    FL_ASSIGN_OR_RETURN(const uint64_t old, Size());
    if (size <= old) return {};
    if (fallocate(fd_.get(), 0, static_cast<off_t>(old), static_cast<off_t>(size - old)) == 0)
      return {};
    if (errno != EOPNOTSUPP) return Fail(errno);
    // A host without fallocate (NFS, ZFS) cannot promise the space; it can still hold the file.
    if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return Fail(errno);
    return {};
  }

  bool Direct() const override { return direct_; }

 private:
  const UniqueFd fd_;
  const bool direct_;
};

// Some hosts take the flag and refuse the first transfer.
bool DirectReadsWork(int fd) {
  alignas(kBlockSize) std::byte probe[kBlockSize];
  return pread(fd, probe, kBlockSize, 0) >= 0;
}

}  // namespace

Result<> VolumeFile::ReadMany(std::span<const FileRead> reads, const ReadDone& done) {
  for (size_t i = 0; i < reads.size(); ++i) FL_TRY(done(i, Read(reads[i].offset, reads[i].out)));
  return {};
}

Result<std::unique_ptr<VolumeFile>> VolumeFile::Open(const std::filesystem::path& path,
                                                     Access access) {
  int flags = O_CLOEXEC;
  if (access == Access::kReadOnly) flags |= O_RDONLY;
  if (access == Access::kReadWrite) flags |= O_RDWR;
  if (access == Access::kCreate) flags |= O_RDWR | O_CREAT | O_EXCL;
  UniqueFd buffered(open(path.c_str(), flags, 0644));
  if (!buffered) return Fail(errno, "{}", path.native());
  UniqueFd direct(open(path.c_str(), (flags & ~(O_CREAT | O_EXCL)) | O_DIRECT));
  if (direct && DirectReadsWork(direct.get()))
    return std::make_unique<PosixVolumeFile>(std::move(direct), true);
  return std::make_unique<PosixVolumeFile>(std::move(buffered), false);
}

}  // namespace faultline::store
