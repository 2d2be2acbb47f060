// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/rocks_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <string>

#include "base/log.h"

namespace faultline::store {

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

class ForwardingLogger final : public rocksdb::Logger {
 public:
  ForwardingLogger() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::WARN_LEVEL, format, arguments);
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < GetInfoLogLevel() || level == rocksdb::InfoLogLevel::HEADER_LEVEL) return;
    char line[1024];
    vsnprintf(line, sizeof(line), format, arguments);
    if (level >= rocksdb::InfoLogLevel::ERROR_LEVEL) {
      LogError("rocksdb: {}", line);
    } else {
      LogWarning("rocksdb: {}", line);
    }
  }
};

rocksdb::BlockBasedTableOptions TableOptions(const std::shared_ptr<rocksdb::Cache>& cache,
                                             size_t block_size) {
  rocksdb::BlockBasedTableOptions table;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.block_size = block_size;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  return table;
}

rocksdb::ColumnFamilyOptions FamilyOptions(Family family, const DatabaseTuning& tuning,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  const bool small_data = family == Family::kSmall;
  options.write_buffer_size = family == Family::kDefault ? kMiB : tuning.write_buffer;
  // More than two, or parallel flushes, and a failed flush may be retried out of order (7.8).
  options.max_write_buffer_number = 2;
  options.target_file_size_base = tuning.write_buffer;
  options.max_bytes_for_level_base = tuning.write_buffer * 4;
  options.max_compaction_bytes = tuning.max_compaction;
  options.level_compaction_dynamic_level_bytes = true;
  options.compression =
      small_data || !tuning.compress ? rocksdb::kNoCompression : rocksdb::kLZ4Compression;
  const size_t block_size = small_data ? 16384 : 8192;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions(cache, block_size)));
  return options;
}

}  // namespace

std::shared_ptr<rocksdb::Logger> RocksLogger() { return std::make_shared<ForwardingLogger>(); }

rocksdb::DBOptions RocksDbOptions(const DatabaseTuning& tuning, rocksdb::Env* env) {
  rocksdb::DBOptions options;
  if (env != nullptr) options.env = env;
  options.info_log = RocksLogger();
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_background_jobs = 3;
  options.max_subcompactions = 1;
  options.max_open_files = -1;
  options.bytes_per_sync = kMiB;
  options.max_total_wal_size = tuning.max_wal;
  options.db_write_buffer_size = tuning.write_buffer * 2;
  options.use_direct_io_for_flush_and_compaction = tuning.direct_io;
  options.compaction_readahead_size = 2 * kMiB;
  options.writable_file_max_buffer_size = kMiB;
  options.avoid_flush_during_shutdown = true;
  options.avoid_unnecessary_blocking_io = true;
  options.advise_random_on_open = false;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  // Recycled logs, pipelined and unordered writes: no gain measured, known defects in 7.8.
  options.recycle_log_file_num = 0;
  // The first background error is final: recovery of 7.8 may leave families inconsistent.
  options.max_bgerror_resume_count = 0;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> RocksFamilies(const DatabaseTuning& tuning) {
  const auto cache = rocksdb::NewLRUCache(tuning.block_cache, -1, false, 0.5);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    families.emplace_back(std::string(FamilyName(family)), FamilyOptions(family, tuning, cache));
  }
  return families;
}

}  // namespace faultline::store
