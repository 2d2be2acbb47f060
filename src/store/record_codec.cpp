// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/record_codec.h"

#include <endian.h>

#include <cerrno>
#include <cstring>
#include <span>

#include "base/crc32c.h"

namespace faultline::store {

namespace {

uint32_t Checksum(std::string_view key, std::string_view body) {
  const uint32_t of_key = Crc32c(std::as_bytes(std::span(key)));
  return Crc32c(std::as_bytes(std::span(body)), of_key);
}

}  // namespace

RecordWriter::RecordWriter(RecordKind kind, size_t fields_size) {
  record_.reserve(fields_size + kRecordOverhead);
  record_.push_back(kind.tag);
  U8(kind.version);
}

RecordWriter& RecordWriter::Number(uint64_t value, size_t bytes) {
  const uint64_t little = htole64(value);
  record_.append(reinterpret_cast<const char*>(&little), bytes);
  return *this;
}

RecordWriter& RecordWriter::Bytes(std::string_view bytes) {
  record_.append(bytes);
  return *this;
}

std::string RecordWriter::Finish(std::string_view key) {
  U32(Checksum(key, record_));
  return std::move(record_);
}

Result<RecordReader> RecordReader::Open(RecordKind kind, std::string_view key,
                                        std::string_view record) {
  if (record.size() < kRecordOverhead)
    return Fail(EUCLEAN, "{} record of {} bytes is too short", kind.name, record.size());
  const std::string_view body = record.substr(0, record.size() - sizeof(uint32_t));
  RecordReader checksum(kind, record.substr(body.size()));
  if (checksum.U32() != Checksum(key, body))
    return Fail(EUCLEAN, "{} record has a wrong checksum", kind.name);
  if (body[0] != kind.tag)
    return Fail(EUCLEAN, "{} record has tag {:#x}, not {:#x}", kind.name, body[0], kind.tag);
  if (const auto version = static_cast<uint8_t>(body[1]); version != kind.version)
    return Fail(EUCLEAN, "{} record has unknown version {} (this program knows {})", kind.name,
                version, kind.version);
  return RecordReader(kind, body.substr(2));
}

uint64_t RecordReader::Number(size_t bytes) {
  uint64_t little = 0;
  const std::string_view from = Bytes(bytes);
  if (!from.empty()) std::memcpy(&little, from.data(), bytes);
  return le64toh(little);
}

std::string_view RecordReader::Bytes(size_t count) {
  short_ = short_ || count > rest_.size();
  if (short_) return {};
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

Result<> RecordReader::Done() const {
  if (short_) return Fail(EUCLEAN, "{} record ends too early", kind_.name);
  if (!rest_.empty())
    return Fail(EUCLEAN, "{} record has {} bytes too many", kind_.name, rest_.size());
  return {};
}

}  // namespace faultline::store
