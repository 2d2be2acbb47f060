// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

// The frame that every record has, and its fields:
//
//   tag (1 byte)  version (1 byte)  fields (little-endian)  CRC-32C over key, tag, version, fields
//
// The tag says what kind of record it is; the checksum covers the key, so that a record is valid in
// its own place only. Neither class is thread-safe.
namespace faultline::store {

// A kind of record: its tag, the version this program writes (and the only one it reads), and its
// name in messages.
struct RecordKind {
  char tag;
  uint8_t version;
  const char* name;
};

inline constexpr size_t kRecordOverhead = 2 + sizeof(uint32_t);

class RecordWriter {
 public:
  RecordWriter(RecordKind kind, size_t fields_size);

  RecordWriter& U8(uint64_t value) { return Number(value, 1); }
  RecordWriter& U32(uint64_t value) { return Number(value, 4); }
  RecordWriter& U64(uint64_t value) { return Number(value, 8); }
  RecordWriter& Bytes(std::string_view bytes);

  // Adds the checksum and hands the record over.
  std::string Finish(std::string_view key);

 private:
  RecordWriter& Number(uint64_t value, size_t bytes);

  std::string record_;
};

class RecordReader {
 public:
  // Checks length, checksum, tag and version: EUCLEAN says which of them is wrong.
  static Result<RecordReader> Open(RecordKind kind, std::string_view key, std::string_view record);

  // A field behind the end of the record reads as zeros and makes Done() fail.
  uint8_t U8() { return static_cast<uint8_t>(Number(1)); }
  uint32_t U32() { return static_cast<uint32_t>(Number(4)); }
  uint64_t U64() { return Number(8); }
  std::string_view Bytes(size_t count);

  // EUCLEAN unless exactly the whole record was read.
  Result<> Done() const;

 private:
  RecordReader(RecordKind kind, std::string_view fields) : kind_(kind), rest_(fields) {}
  uint64_t Number(size_t bytes);

  RecordKind kind_;
  std::string_view rest_;
  bool short_ = false;
};

}  // namespace faultline::store
