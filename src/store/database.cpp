// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/database.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <utility>

#include "base/log.h"
#include "base/test_point.h"
#include "lock/class_token.h"
#include "lock/mutex.h"
#include "store/rocks_error.h"
#include "store/rocks_options.h"

namespace faultline::store {

namespace {

constexpr std::array<std::string_view, kFamilies> kFamilyNames = {"default", "inodes", "dirents",
                                                                  "extents", "small"};

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Tells the lock validator that the calling thread is inside RocksDB for a scope.
class InDatabase {
 public:
  explicit InDatabase(lock::Place where = lock::Place::Current()) {
    lock::MayDo(lock::Action::kDatabase, where);
    token_ = lock::ClassToken(lock::LockClass::kRocksDb, 0, lock::Mode::kShared, where);
  }

 private:
  lock::ClassToken token_;
};

// Remembers the first error of a background job. RocksDB's own recovery stays switched off: what a
// failed flush leaves behind is not always consistent (7.8), so the first error is the last.
class ErrorKeeper final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    lock::MutexLock lock(mu_);
    if (error_.empty()) error_ = status->ToString();
  }
  std::string Error() const {
    lock::MutexLock lock(mu_);
    return error_;
  }

 private:
  mutable lock::Mutex mu_{lock::LockClass::kStatistics};
  std::string error_ FL_GUARDED_BY(mu_);
};

}  // namespace

std::string_view FamilyName(Family family) { return kFamilyNames[static_cast<size_t>(family)]; }

struct Database::Rep {
  std::unique_ptr<rocksdb::Env> env;  // only over a file system of a test
  std::shared_ptr<ErrorKeeper> errors = std::make_shared<ErrorKeeper>();
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families{};
  std::unique_ptr<rocksdb::DB> db;

  rocksdb::ColumnFamilyHandle* Handle(Family family) const {
    return families[static_cast<size_t>(family)];
  }
  ~Rep() {
    if (!db) return;
    for (rocksdb::ColumnFamilyHandle* handle : families)
      if (handle != nullptr) db->DestroyColumnFamilyHandle(handle);
    const rocksdb::Status status = db->Close();
    if (!status.ok()) LogError("closing the database: {}", status.ToString());
  }
};

struct WriteBatch::Rep {
  explicit Rep(const Database::Rep* d) : database(d) {}
  const Database::Rep* database;
  rocksdb::WriteBatch changes;
};

WriteBatch::WriteBatch(const Database& database)
    : rep_(std::make_unique<Rep>(database.rep_.get())) {}
WriteBatch::~WriteBatch() = default;
WriteBatch::WriteBatch(WriteBatch&&) noexcept = default;
WriteBatch& WriteBatch::operator=(WriteBatch&&) noexcept = default;

void WriteBatch::Put(Family family, std::string_view key, std::string_view value) {
  // Fails for a batch with a size limit only.
  (void)rep_->changes.Put(rep_->database->Handle(family), ToSlice(key), ToSlice(value));
}

void WriteBatch::Delete(Family family, std::string_view key) {
  (void)rep_->changes.Delete(rep_->database->Handle(family), ToSlice(key));
}

size_t WriteBatch::Bytes() const { return rep_->changes.GetDataSize(); }
size_t WriteBatch::Count() const { return static_cast<size_t>(rep_->changes.Count()); }

Database::Database(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& path,
                                                 const DatabaseOptions& options) {
  InDatabase inside;
  auto rep = std::make_unique<Rep>();
  if (options.file_system) rep->env = rocksdb::NewCompositeEnv(options.file_system);
  rocksdb::DBOptions db_options = RocksDbOptions(options.tuning, rep->env.get());
  db_options.create_if_missing = options.create;
  db_options.create_missing_column_families = options.create;
  db_options.error_if_exists = options.create;
  db_options.listeners.push_back(rep->errors);
  const auto descriptors = RocksFamilies(options.tuning);

  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      options.read_only
          ? rocksdb::DB::OpenForReadOnly(db_options, path.native(), descriptors, &handles, &db)
          : rocksdb::DB::Open(db_options, path.native(), descriptors, &handles, &db);
  if (!status.ok())
    return tl::unexpected(FromRocks(status, fmt::format("opening {}", path.native())));
  rep->db.reset(db);
  std::copy(handles.begin(), handles.end(), rep->families.begin());
  return std::unique_ptr<Database>(new Database(std::move(rep)));
}

Result<std::optional<std::string>> Database::Get(Family family, std::string_view key) const {
  InDatabase inside;
  std::string value;
  const rocksdb::Status status =
      rep_->db->Get(rocksdb::ReadOptions(), rep_->Handle(family), ToSlice(key), &value);
  if (status.ok()) return value;
  if (status.IsNotFound()) return std::nullopt;
  return tl::unexpected(FromRocks(status, fmt::format("reading {}", FamilyName(family))));
}

Result<std::vector<std::optional<std::string>>> Database::MultiGet(
    Family family, std::span<const std::string> keys) const {
  InDatabase inside;
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  rep_->db->MultiGet(rocksdb::ReadOptions(), rep_->Handle(family), keys.size(), slices.data(),
                     values.data(), statuses.data());
  std::vector<std::optional<std::string>> found(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].ok()) {
      found[i] = values[i].ToString();
    } else if (!statuses[i].IsNotFound()) {
      return tl::unexpected(FromRocks(statuses[i], fmt::format("reading {}", FamilyName(family))));
    }
  }
  return found;
}

Result<> Database::Write(WriteBatch& batch) {
  InDatabase inside;
  FL_TEST_POINT("store.database.write");
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = rep_->db->Write(options, &batch.rep_->changes);
  if (status.ok()) return {};
  return tl::unexpected(FromRocks(status, "writing to the database"));
}

Result<> Database::Flush() {
  InDatabase inside;
  const rocksdb::Status status =
      rep_->db->Flush(rocksdb::FlushOptions(), {rep_->families.begin(), rep_->families.end()});
  if (status.ok()) return {};
  return tl::unexpected(FromRocks(status, "flushing the database"));
}

uint64_t Database::EstimateKeys(Family family) const {
  uint64_t keys = 0;
  rep_->db->GetIntProperty(rep_->Handle(family), rocksdb::DB::Properties::kEstimateNumKeys, &keys);
  return keys;
}

uint64_t Database::EstimateBytes(Family family) const {
  uint64_t tables = 0;
  uint64_t memory = 0;
  rep_->db->GetIntProperty(rep_->Handle(family), rocksdb::DB::Properties::kEstimateLiveDataSize,
                           &tables);
  rep_->db->GetIntProperty(rep_->Handle(family), rocksdb::DB::Properties::kCurSizeAllMemTables,
                           &memory);
  return tables + memory;
}

uint64_t Database::MemtableBytes() const {
  uint64_t bytes = 0;
  rep_->db->GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
  return bytes;
}

std::string Database::BackgroundError() const { return rep_->errors->Error(); }

// --- Cursor

struct Cursor::Rep {
  std::string end;
  rocksdb::Slice end_slice;
  std::unique_ptr<rocksdb::Iterator> iterator;
};

Cursor::Cursor(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
Cursor::~Cursor() = default;
Cursor::Cursor(Cursor&&) noexcept = default;
Cursor& Cursor::operator=(Cursor&&) noexcept = default;

Cursor Database::Iterate(Family family, Access access, std::string end) const {
  InDatabase inside;
  auto cursor = std::make_unique<Cursor::Rep>();
  rocksdb::ReadOptions options;
  if (access == Access::kScan) {
    options.readahead_size = size_t{2} << 20;
    options.fill_cache = false;
  }
  cursor->end = std::move(end);
  cursor->end_slice = cursor->end;
  if (!cursor->end.empty()) options.iterate_upper_bound = &cursor->end_slice;
  cursor->iterator.reset(rep_->db->NewIterator(options, rep_->Handle(family)));
  return Cursor(std::move(cursor));
}

void Cursor::Seek(std::string_view key) {
  InDatabase inside;
  rep_->iterator->Seek(ToSlice(key));
}

void Cursor::Next() {
  InDatabase inside;
  rep_->iterator->Next();
}

bool Cursor::Valid() const { return rep_->iterator->Valid(); }
std::string_view Cursor::Key() const { return ToView(rep_->iterator->key()); }
std::string_view Cursor::Value() const { return ToView(rep_->iterator->value()); }

Result<> Cursor::Status() const {
  const rocksdb::Status status = rep_->iterator->status();
  if (status.ok()) return {};
  return tl::unexpected(FromRocks(status, "walking through the database"));
}

}  // namespace faultline::store
