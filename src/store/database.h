// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rocksdb {
class FileSystem;
}

// RocksDB as the store needs it, and nothing of RocksDB in the interface. Keys and values are
// bytes; what they mean is in store/keys.h and store/records.h.
//
// Thread-safe, but for one WriteBatch or Cursor, each of which belongs to one thread at a time.
// Every call may do disk I/O and may stall; the lock validator is told. Errors: FromRocks().
namespace faultline::store {

enum class Family : uint8_t { kDefault, kInodes, kDirents, kExtents, kSmall };
inline constexpr size_t kFamilies = 5;
std::string_view FamilyName(Family family);

// Sizes in bytes.
struct DatabaseTuning {
  uint64_t write_buffer = uint64_t{32} << 20;
  uint64_t max_wal = uint64_t{256} << 20;
  uint64_t max_compaction = uint64_t{128} << 20;
  uint64_t block_cache = uint64_t{128} << 20;
  bool direct_io = true;  // for flush and compaction
  bool compress = true;
};

struct DatabaseOptions {
  bool create = false;     // mkfs: makes it, with its families; EEXIST if it is there
  bool read_only = false;  // no byte changes; the log is replayed in memory
  DatabaseTuning tuning;
  std::shared_ptr<rocksdb::FileSystem> file_system;  // tests; null: the host's
};

class Database;

// Changes that become durable together, later ones of a key over earlier ones. `database` is the
// one it will be written to, and outlives it.
class WriteBatch {
 public:
  explicit WriteBatch(const Database& database);
  ~WriteBatch();
  WriteBatch(WriteBatch&&) noexcept;
  WriteBatch& operator=(WriteBatch&&) noexcept;

  void Put(Family family, std::string_view key, std::string_view value);
  void Delete(Family family, std::string_view key);
  size_t Bytes() const;  // as it is going to be logged
  size_t Count() const;

 private:
  friend class Database;
  struct Rep;
  std::unique_ptr<Rep> rep_;
};

// Goes through one family in the order of the keys, as it was when the cursor was made.
class Cursor {
 public:
  ~Cursor();
  Cursor(Cursor&&) noexcept;
  Cursor& operator=(Cursor&&) noexcept;

  void Seek(std::string_view key);
  void SeekToFirst() { Seek({}); }
  void Next();
  // False at the end, and on an error: see Status().
  bool Valid() const;
  // Until the next move.
  std::string_view Key() const;
  std::string_view Value() const;
  Result<> Status() const;

 private:
  friend class Database;
  struct Rep;
  explicit Cursor(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

class Database {
 public:
  static Result<std::unique_ptr<Database>> Open(const std::filesystem::path& path,
                                                const DatabaseOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<std::optional<std::string>> Get(Family family, std::string_view key) const;
  // In the order asked.
  Result<std::vector<std::optional<std::string>>> MultiGet(Family family,
                                                           std::span<const std::string> keys) const;

  // kScan reads ahead and keeps the block cache as it is: for walks through a whole family.
  // `end`, when not empty, is where it stops.
  enum class Access { kPoint, kScan };
  Cursor Iterate(Family family, Access access = Access::kPoint, std::string end = {}) const;

  // Durable when it returns. Atomic.
  Result<> Write(WriteBatch& batch);
  // Writes the memtables out.
  Result<> Flush();

  uint64_t EstimateKeys(Family family) const;
  uint64_t EstimateBytes(Family family) const;
  uint64_t MemtableBytes() const;
  // Not empty: a background job failed, and RocksDB takes no more writes.
  std::string BackgroundError() const;

 private:
  friend class WriteBatch;
  struct Rep;
  explicit Database(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

}  // namespace faultline::store
