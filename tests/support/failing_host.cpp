// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/failing_host.h"

#include <rocksdb/file_system.h>

#include <cerrno>

namespace faultline::test {

namespace {

using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class FailingLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FailingLog(const FailingHost& host, std::unique_ptr<FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), host_(host) {}

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (host_.LogSyncsFail()) return IOStatus::IOError("made to fail by a test");
    return FSWritableFileOwnerWrapper::Sync(options, debug);
  }

 private:
  const FailingHost& host_;
};

class FailingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FailingFileSystem(const FailingHost& host)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), host_(host) {}

  const char* Name() const override { return "FailingFileSystem"; }
  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* debug) override {
    std::unique_ptr<FSWritableFile> file;
    IOStatus status = target()->NewWritableFile(path, options, &file, debug);
    if (status.ok() && path.ends_with(".log"))
      file = std::make_unique<FailingLog>(host_, std::move(file));
    *result = std::move(file);
    return status;
  }

 private:
  const FailingHost& host_;
};

class FailingVolumeFile final : public store::VolumeFile {
 public:
  FailingVolumeFile(const FailingHost& host, std::unique_ptr<VolumeFile> file)
      : host_(host), file_(std::move(file)) {}

  Result<> Read(uint64_t offset, std::span<std::byte> out) override {
    return file_->Read(offset, out);
  }
  Result<> Write(uint64_t offset, std::span<const std::byte> data) override {
    return file_->Write(offset, data);
  }
  Result<> SyncData() override {
    if (host_.VolumeSyncsFail()) return Fail(EIO, "made to fail by a test");
    return file_->SyncData();
  }
  Result<uint64_t> Size() override { return file_->Size(); }
  Result<> Grow(uint64_t size) override { return file_->Grow(size); }
  bool Direct() const override { return file_->Direct(); }

 private:
  const FailingHost& host_;
  const std::unique_ptr<VolumeFile> file_;
};

}  // namespace

void FailingHost::Install(store::StoreSeams& seams) {
  seams.file_system = std::make_shared<FailingFileSystem>(*this);
  seams.open_volume =
      [this](const std::filesystem::path& path,
             store::VolumeFile::Access access) -> Result<std::unique_ptr<store::VolumeFile>> {
    FL_ASSIGN_OR_RETURN(auto file, store::VolumeFile::Open(path, access));
    return std::make_unique<FailingVolumeFile>(*this, std::move(file));
  };
}

}  // namespace faultline::test
