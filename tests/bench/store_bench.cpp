// SPDX-License-Identifier: GPL-2.0-or-later
#include <benchmark/benchmark.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/check.h"
#include "base/crc32c.h"
#include "lock/validator.h"
#include "store/format.h"
#include "store/keys.h"
#include "store/rocks_options.h"
#include "store/store_impl.h"

/// The two ways to keep data before metadata, side by side:
///
///   Group    changes collect in memory; the committer syncs the volume, then writes one batch
///   Wrapper  every operation is a WriteBatch of its own; the log is flushed by hand, through a
///            file system that syncs the volume before any byte of the log is written
///
/// Time is wall time, CPU is that of the whole process (committer and background jobs included).
/// Run it on the file system that is meant: TMPDIR=/somewhere micro_bench --benchmark_filter=Store
namespace faultline::store {
namespace {

constexpr InodeId kDirectory{2};
constexpr InodeId kFile{3};
constexpr uint64_t kFileBlocks = 65536;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bench.XXXXXX").native();
    FL_CHECK(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& Path() const { return path_; }

 private:
  std::filesystem::path path_;
};

InodeRecord Inode(InodeId ino, uint64_t stamp) {
  InodeRecord inode;
  inode.ino = ino;
  inode.mode = 0100644;
  inode.nlink = 1;
  inode.mtime.seconds = static_cast<int64_t>(stamp);
  return inode;
}

ChunkPtr SmallChunk(uint32_t at, uint64_t address, std::span<const std::byte> data) {
  const uint32_t crc = Crc32c(data);
  ChunkEdit edit(nullptr);
  edit.Map(at, 1, {Space::kSmall, address}, std::span(&crc, 1), 1);
  return edit.Finish();
}

class Group {
 public:
  Group() {
    FormatOptions format;
    format.size = uint64_t{4} << 30;
    FL_CHECK(Format(Path(), format));
    auto store = StoreImpl::Open(Path(), {});
    FL_CHECK(store);
    store_ = *std::move(store);
  }
  void Create(uint64_t n) {
    Transaction transaction;
    transaction.PutInode(Inode(InodeId{100 + n}, n));
    transaction.PutDirent(kDirectory, "file" + std::to_string(n), InodeId{100 + n}, 8);
    transaction.PutInode(Inode(kDirectory, n));
    Apply(std::move(transaction));
  }
  void Overwrite(uint64_t n, const BlockPtr& data) {
    const uint64_t block = n * 7919 % kFileBlocks;
    const uint64_t address = *store_->AllocateSmall(1, AllocationClass::kInternal);
    Transaction transaction;
    transaction.PutSmall(address, data);
    transaction.PutChunk(kFile, block / kChunkBlocks,
                         SmallChunk(block % kChunkBlocks, address, data->Bytes()));
    transaction.PutInode(Inode(kFile, n));
    Apply(std::move(transaction));
  }
  void Sync() { FL_CHECK(store_->Commit()); }

 private:
  std::filesystem::path Path() const { return directory_.Path() / "store"; }
  void Apply(Transaction&& transaction) {
    FL_CHECK(store_->WaitForRoom(AllocationClass::kOverwrite));
    store_->Apply(std::move(transaction));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<StoreImpl> store_;
};

// Syncs the volume before what is appended can reach a log.
class OrderedLog final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  OrderedLog(Volume& volume, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), volume_(volume) {}
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
    FL_CHECK(volume_.Sync());
    return FSWritableFileOwnerWrapper::Append(data, options, debug);
  }

 private:
  Volume& volume_;
};

class OrderedFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit OrderedFileSystem(Volume& volume)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), volume_(volume) {}
  const char* Name() const override { return "OrderedFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    rocksdb::IOStatus status = target()->NewWritableFile(path, options, &file, debug);
    if (status.ok() && path.ends_with(".log"))
      file = std::make_unique<OrderedLog>(volume_, std::move(file));
    *result = std::move(file);
    return status;
  }

 private:
  Volume& volume_;
};

class Wrapper {
 public:
  Wrapper() {
    const auto path = directory_.Path() / "volume";
    auto file = VolumeFile::Open(path, VolumeFile::Access::kCreate);
    FL_CHECK(file && Volume::Format(**file, {}, kFileBlocks));
    volume_ = *Volume::Open(*std::move(file), {}, kFileBlocks);
    env_ = rocksdb::NewCompositeEnv(std::make_shared<OrderedFileSystem>(*volume_));
    rocksdb::Options options(RocksDbOptions({}, env_.get()), {});
    options.create_if_missing = options.create_missing_column_families = true;
    options.manual_wal_flush = true;
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(options, (directory_.Path() / "meta").native(),
                                          RocksFamilies({}), &families_, &db);
    FL_CHECK(status.ok(), "{}", status.ToString());
    db_.reset(db);
  }
  ~Wrapper() {
    for (auto* family : families_) (void)db_->DestroyColumnFamilyHandle(family);
  }
  void Create(uint64_t n) {
    rocksdb::WriteBatch batch;
    PutInode(batch, Inode(InodeId{100 + n}, n));
    const std::string name = "file" + std::to_string(n);
    const std::string key = keys::Dirent(kDirectory, keys::NameHash(name, 1), name);
    Put(batch, Family::kDirents, key, EncodeDirent(key, InodeId{100 + n}, 8));
    PutInode(batch, Inode(kDirectory, n));
    Write(batch);
  }
  void Overwrite(uint64_t n, const BlockPtr& data) {
    const uint64_t block = n * 7919 % kFileBlocks;
    rocksdb::WriteBatch batch;
    Put(batch, Family::kSmall, keys::Small(n), EncodeSmall(data->Bytes().first<kBlockSize>()));
    const auto key = keys::Chunk(kFile, block / kChunkBlocks);
    Put(batch, Family::kExtents, key,
        SmallChunk(block % kChunkBlocks, n, data->Bytes())->Encode(key));
    PutInode(batch, Inode(kFile, n));
    Write(batch);
  }
  void Sync() { FL_CHECK(db_->FlushWAL(true).ok()); }

 private:
  void Put(rocksdb::WriteBatch& batch, Family family, std::string_view key,
           std::string_view value) {
    (void)batch.Put(families_[static_cast<size_t>(family)], rocksdb::Slice(key.data(), key.size()),
                    rocksdb::Slice(value.data(), value.size()));
  }
  void PutInode(rocksdb::WriteBatch& batch, const InodeRecord& inode) {
    const auto key = keys::Inode(inode.ino);
    Put(batch, Family::kInodes, key, EncodeInode(key, inode));
  }
  void Write(rocksdb::WriteBatch& batch) {
    FL_CHECK(db_->Write(rocksdb::WriteOptions(), &batch).ok());
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Volume> volume_;
  std::unique_ptr<rocksdb::Env> env_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  std::unique_ptr<rocksdb::DB> db_;
};

BlockPtr SomeBlock() {
  BlockBuffer block(1);
  for (size_t i = 0; i < kBlockSize; ++i) block.Bytes()[i] = static_cast<std::byte>(i * 31);
  return std::make_shared<const BlockBuffer>(std::move(block));
}

template <class Way>
void StoreCreate(benchmark::State& state) {
  lock::SetValidatorMode(lock::ValidatorMode::kOff);
  Way way;
  uint64_t n = 0;
  for (auto _ : state) way.Create(n++);
  way.Sync();
}

template <class Way>
void StoreOverwrite4K(benchmark::State& state) {
  lock::SetValidatorMode(lock::ValidatorMode::kOff);
  Way way;
  const BlockPtr block = SomeBlock();
  uint64_t n = 1;
  for (auto _ : state) way.Overwrite(n++, block);
  way.Sync();
}

template <class Way>
void StoreOverwrite4KAndSync(benchmark::State& state) {
  lock::SetValidatorMode(lock::ValidatorMode::kOff);
  Way way;
  const BlockPtr block = SomeBlock();
  uint64_t n = 1;
  for (auto _ : state) {
    way.Overwrite(n++, block);
    way.Sync();
  }
}

#define FL_STORE_BENCHMARK(name, count)                                                       \
  BENCHMARK_TEMPLATE(name, Group)->Iterations(count)->UseRealTime()->MeasureProcessCPUTime(); \
  BENCHMARK_TEMPLATE(name, Wrapper)->Iterations(count)->UseRealTime()->MeasureProcessCPUTime()
FL_STORE_BENCHMARK(StoreCreate, 100'000);
FL_STORE_BENCHMARK(StoreOverwrite4K, 50'000);
FL_STORE_BENCHMARK(StoreOverwrite4KAndSync, 2'000);

}  // namespace
}  // namespace faultline::store
