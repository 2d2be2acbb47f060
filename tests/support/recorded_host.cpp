// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/recorded_host.h"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace faultline::test {

namespace {

using Event = RecordedHost::Event;
using Kind = Event::Kind;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr size_t kSector = 512;

class RecordedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  RecordedFile(RecordedHost& host, std::string name, std::unique_ptr<FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), host_(host), name_(std::move(name)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Write(data, [&] { return target()->Append(data, options, debug); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    return Write(data, [&] { return target()->Append(data, options, info, debug); });
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    Event event{Kind::kTruncate, name_};
    event.size = size;
    const size_t number = host_.Begin(std::move(event));
    size_ = size;
    return Done(number, FSWritableFileOwnerWrapper::Truncate(size, options, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return Synced([&] { return FSWritableFileOwnerWrapper::Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Synced([&] { return FSWritableFileOwnerWrapper::Fsync(options, debug); });
  }

 private:
  template <class Call>
  IOStatus Write(const Slice& data, Call call) {
    Event event{Kind::kWrite, name_};
    event.offset = size_;
    event.data = data.ToString();
    size_ += data.size();
    const size_t number = host_.Begin(std::move(event));
    return Done(number, call());
  }
  template <class Call>
  IOStatus Synced(Call call) {
    Event event{Kind::kSync, name_};
    event.called = host_.Now();
    IOStatus status = call();
    if (status.ok()) host_.End(std::move(event));
    return status;
  }
  IOStatus Done(size_t number, IOStatus status) {
    if (status.ok()) host_.Returned(number);
    return status;
  }

  RecordedHost& host_;
  const std::string name_;
  uint64_t size_ = 0;
};

class RecordedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit RecordedFileSystem(RecordedHost& host)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), host_(host) {}

  const char* Name() const override { return "RecordedFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* debug) override {
    host_.End({Kind::kCreate, host_.Relative(path)});
    std::unique_ptr<FSWritableFile> file;
    IOStatus status = target()->NewWritableFile(path, options, &file, debug);
    if (status.ok())
      *result = std::make_unique<RecordedFile>(host_, host_.Relative(path), std::move(file));
    return status;
  }
  // Would be writes that nobody sees: the options of the store never ask for them.
  IOStatus ReopenWritableFile(const std::string&, const rocksdb::FileOptions&,
                              std::unique_ptr<FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("not recorded");
  }
  IOStatus ReuseWritableFile(const std::string&, const std::string&, const rocksdb::FileOptions&,
                             std::unique_ptr<FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("not recorded");
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    host_.End({Kind::kRename, host_.Relative(from), host_.Relative(to)});
    return target()->RenameFile(from, to, options, debug);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                      IODebugContext* debug) override {
    host_.End({Kind::kDelete, host_.Relative(path)});
    return target()->DeleteFile(path, options, debug);
  }
  IOStatus Truncate(const std::string& path, size_t size, const IOOptions& options,
                    IODebugContext* debug) override {
    Event event{Kind::kTruncate, host_.Relative(path)};
    event.size = size;
    host_.End(std::move(event));
    return target()->Truncate(path, size, options, debug);
  }

 private:
  RecordedHost& host_;
};

class RecordedVolumeFile final : public store::VolumeFile {
 public:
  RecordedVolumeFile(RecordedHost& host, std::unique_ptr<VolumeFile> file)
      : host_(host), file_(std::move(file)) {}

  Result<> Read(uint64_t offset, std::span<std::byte> out) override {
    return file_->Read(offset, out);
  }
  Result<> Write(uint64_t offset, std::span<const std::byte> data) override {
    Event event{Kind::kWrite, "volume"};
    event.offset = offset;
    event.data.assign(reinterpret_cast<const char*>(data.data()), data.size());
    const size_t number = host_.Begin(std::move(event));
    auto result = file_->Write(offset, data);
    if (result) host_.Returned(number);
    return result;
  }
  Result<> SyncData() override {
    if (host_.DropsVolumeSyncs()) return {};
    Event event{Kind::kSync, "volume"};
    event.called = host_.Now();
    auto result = file_->SyncData();
    if (result) host_.End(std::move(event));
    return result;
  }
  Result<uint64_t> Size() override { return file_->Size(); }
  Result<> Grow(uint64_t size) override {
    Event event{Kind::kTruncate, "volume"};
    event.size = size;
    host_.End(std::move(event));
    return file_->Grow(size);
  }
  // Also keeps RocksDB from direct I/O, whose padding the record does not model.
  bool Direct() const override { return false; }

 private:
  RecordedHost& host_;
  const std::unique_ptr<VolumeFile> file_;
};

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One file on its way through the events.
struct ImageFile {
  std::string durable;
  std::vector<const Event*> unsynced;  // writes and truncations

  static void ApplyTo(std::string& content, const Event& event, size_t bytes) {
    if (event.kind == Kind::kTruncate) return content.resize(event.size);
    if (content.size() < event.offset + bytes) content.resize(event.offset + bytes);
    content.replace(event.offset, bytes, event.data, 0, bytes);
  }

  void Sync(size_t called) {
    std::vector<const Event*> left;
    for (const Event* event : unsynced) {
      if (event->returned <= called) {
        ApplyTo(durable, *event, event->data.size());
      } else {
        left.push_back(event);
      }
    }
    unsynced = std::move(left);
  }

  // An appended file keeps a prefix of what was not synced.
  std::string AppendedImage(std::mt19937_64& random) const {
    std::string content = durable;
    uint64_t total = 0;
    for (const Event* event : unsynced) total += event->data.size() + 1;
    uint64_t keep = total == 0 ? 0 : random() % (total + 1);
    for (const Event* event : unsynced) {
      const uint64_t bytes = std::min<uint64_t>(keep, event->data.size());
      if (keep == 0) break;
      ApplyTo(content, *event, bytes);
      keep -= std::min<uint64_t>(keep, event->data.size() + 1);
    }
    return content;
  }

  // Of a volume any set of sectors may have arrived. Its size is the host's metadata.
  std::string VolumeImage(std::mt19937_64& random) const {
    std::string content = durable;
    for (const Event* event : unsynced) {
      if (event->kind == Kind::kTruncate) {
        content.resize(event->size);
        continue;
      }
      for (size_t at = 0; at < event->data.size(); at += kSector)
        if (random() % 2 == 0)
          content.replace(event->offset + at, kSector, event->data, at, kSector);
    }
    return content;
  }

  std::string AllImage() const {
    std::string content = durable;
    for (const Event* event : unsynced) ApplyTo(content, *event, event->data.size());
    return content;
  }

  std::string NoneImage() const {
    std::string content = durable;
    for (const Event* event : unsynced)
      if (event->kind == Kind::kTruncate) content.resize(event->size);
    return content;
  }

  std::string Image(RecordedHost::Unsynced kind, bool volume, std::mt19937_64& random) const {
    if (kind == RecordedHost::Unsynced::kAll) return AllImage();
    if (kind == RecordedHost::Unsynced::kNone) return volume ? NoneImage() : durable;
    return volume ? VolumeImage(random) : AppendedImage(random);
  }
};

}  // namespace

RecordedHost::RecordedHost(std::filesystem::path root)
    : root_(std::move(root)), meta_(root_ / "meta") {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_))
    if (entry.is_regular_file()) initial_[Relative(entry.path().native())] = ReadAll(entry.path());
}

void RecordedHost::Install(store::StoreSeams& seams) {
  seams.file_system = std::make_shared<RecordedFileSystem>(*this);
  seams.compress = false;
  seams.open_volume =
      [this](const std::filesystem::path& path,
             store::VolumeFile::Access access) -> Result<std::unique_ptr<store::VolumeFile>> {
    FL_ASSIGN_OR_RETURN(auto file, store::VolumeFile::Open(path, access));
    return std::make_unique<RecordedVolumeFile>(*this, std::move(file));
  };
}

std::string RecordedHost::Relative(const std::string& path) const {
  return std::filesystem::path(path).lexically_relative(root_).native();
}

size_t RecordedHost::Now() const {
  std::lock_guard lock(mu_);
  return events_.size();
}

std::vector<Event> RecordedHost::Events() const {
  std::lock_guard lock(mu_);
  return events_;
}

size_t RecordedHost::Begin(Event event) {
  std::lock_guard lock(mu_);
  events_.push_back(std::move(event));
  return events_.size() - 1;
}

void RecordedHost::Returned(size_t event) {
  std::lock_guard lock(mu_);
  events_[event].returned = events_.size();
}

void RecordedHost::End(Event event) {
  std::lock_guard lock(mu_);
  event.returned = events_.size() + 1;
  events_.push_back(std::move(event));
}

void RecordedHost::WriteImage(const std::filesystem::path& target, size_t count, Unsynced unsynced,
                              uint64_t seed) const {
  std::mt19937_64 random(seed);
  std::map<std::string, ImageFile> files;
  for (const auto& [name, content] : initial_) files[name].durable = content;
  std::lock_guard lock(mu_);
  for (size_t i = 0; i < std::min(count, events_.size()); ++i) {
    const Event& event = events_[i];
    switch (event.kind) {
      case Kind::kCreate: files[event.file] = {}; break;
      case Kind::kWrite:
      case Kind::kTruncate: files[event.file].unsynced.push_back(&event); break;
      case Kind::kSync: files[event.file].Sync(event.called); break;
      case Kind::kDelete: files.erase(event.file); break;
      case Kind::kRename:
        files[event.other] = std::move(files[event.file]);
        files.erase(event.file);
        break;
    }
  }
  std::filesystem::create_directories(target / "meta");
  for (const auto& [name, file] : files) {
    std::ofstream out(target / name, std::ios::binary | std::ios::trunc);
    const std::string content = file.Image(unsynced, name == "volume", random);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  }
}

}  // namespace faultline::test
