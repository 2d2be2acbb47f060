// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/database.h"
#include "store/volume.h"

namespace faultline::store {

// One change of one record; no value: it goes away.
struct RecordChange {
  Family family;
  std::string key;
  std::optional<std::string> value;
};

// What fsck sees of a store: records as bytes, blocks of the volume. RocksDB and the volume behind
// it, or maps in a test. One thread. Errors: I/O only.
class FsckStore {
 public:
  // Views hold during the call. An error of the visitor ends the scan and is its result.
  using Visitor = std::function<Result<>(std::string_view key, std::string_view value)>;

  virtual ~FsckStore() = default;

  // Every record of the family, by ascending key.
  virtual Result<> Scan(Family family, const Visitor& visit) = 0;
  virtual Result<std::optional<std::string>> Get(Family family, std::string_view key) = 0;
  // Atomic and durable.
  virtual Result<> Write(std::span<const RecordChange> changes) = 0;

  // Empty: block 0 of the volume is no valid header. EPROTONOSUPPORT: one of another format.
  virtual Result<std::optional<VolumeHeader>> ReadHeader() = 0;
  virtual Result<> WriteHeader(const VolumeHeader& header) = 0;
  // `out` is page-aligned, whole blocks.
  virtual Result<> ReadVolume(uint64_t block, std::span<std::byte> out) = 0;
  // As far as the volume has grown; everything below can be read.
  virtual uint64_t VolumeBlocks() const = 0;
};

}  // namespace faultline::store
