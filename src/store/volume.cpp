// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/volume.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/test_point.h"
#include "store/block.h"
#include "store/records.h"

namespace faultline::store {

namespace {

constexpr std::string_view kMagic = "FLVOLUME";
constexpr size_t kUuidAt = 12;
constexpr size_t kBlocksAt = 28;
constexpr size_t kCrcAt = 36;

void PutNumber(std::span<std::byte> at, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}

uint64_t GetNumber(std::span<const std::byte> at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= std::to_integer<uint64_t>(at[i]) << (8 * i);
  return value;
}

}  // namespace

Result<> Volume::Format(VolumeFile& file, const Uuid& uuid, uint64_t blocks) {
  BlockBuffer header(1);
  std::span<std::byte> bytes = header.Bytes();
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  PutNumber(bytes.subspan(kMagic.size()), kFormatVersion, 4);
  std::memcpy(bytes.data() + kUuidAt, uuid.data(), uuid.size());
  PutNumber(bytes.subspan(kBlocksAt), blocks, 8);
  PutNumber(bytes.subspan(kCrcAt), Crc32c(bytes.first(kCrcAt)), 4);
  FL_TRY(file.Grow(kBlockSize));
  FL_TRY(file.Write(0, bytes));
  return file.SyncData();
}

Result<VolumeHeader> Volume::ReadHeader(VolumeFile& file) {
  BlockBuffer block(1);
  FL_TRY(file.Read(0, block.Bytes()));
  const std::span<const std::byte> bytes = block.Bytes();
  if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    return Fail(EUCLEAN, "volume: block 0 is not a volume header");
  if (GetNumber(bytes.subspan(kCrcAt), 4) != Crc32c(bytes.first(kCrcAt)))
    return Fail(EUCLEAN, "volume: the header has a wrong checksum");
  const uint64_t version = GetNumber(bytes.subspan(kMagic.size()), 4);
  if (version != kFormatVersion)
    return Fail(EPROTONOSUPPORT, "volume has format {}, this program knows format {}", version,
                kFormatVersion);
  VolumeHeader header;
  std::memcpy(header.uuid.data(), bytes.data() + kUuidAt, header.uuid.size());
  header.blocks = GetNumber(bytes.subspan(kBlocksAt), 8);
  return header;
}

Result<std::unique_ptr<Volume>> Volume::Open(std::unique_ptr<VolumeFile> file, const Uuid& uuid,
                                             uint64_t blocks) {
  FL_ASSIGN_OR_RETURN(const VolumeHeader header, ReadHeader(*file));
  if (header.uuid != uuid) return Fail(EUCLEAN, "volume belongs to another store");
  if (header.blocks != blocks)
    return Fail(EUCLEAN, "volume: the header says {} blocks, the superblock {}", header.blocks,
                blocks);
  FL_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  const uint64_t grown = std::min(size / kBlockSize, blocks);
  return std::unique_ptr<Volume>(new Volume(std::move(file), grown, blocks));
}

// The range comes from extent records, that is, from the disk.
Result<> Volume::CheckRange(uint64_t block, size_t bytes) const {
  const uint64_t count = bytes / kBlockSize;
  FL_DCHECK(bytes % kBlockSize == 0);
  if (block == 0 || count > Blocks() || block > Blocks() - count)
    return Fail(EIO, "volume blocks {}+{} lie outside of the volume", block, count);
  return {};
}

Result<> Volume::Read(uint64_t block, std::span<std::byte> out) {
  const VolumeRead read{block, out};
  return ReadMany({&read, 1}, [](size_t) -> Result<> { return {}; });
}

Result<> Volume::ReadMany(std::span<const VolumeRead> reads, const VolumeReadDone& done) {
  lock::MayDo(lock::Action::kVolumeIo);
  FL_TEST_POINT("store.volume.read");
  std::vector<FileRead> in_file;
  in_file.reserve(reads.size());
  for (const VolumeRead& read : reads) {
    FL_TRY(CheckRange(read.block, read.out.size()));
    in_file.push_back({read.block * kBlockSize, read.out});
  }
  return file_->ReadMany(in_file, [&](size_t index, const Result<>& result) -> Result<> {
    if (result) return done(index);
    return Fail(EIO, "reading volume blocks {}+{}: {}", reads[index].block,
                reads[index].out.size() / kBlockSize, result.error().ToString());
  });
}

Result<> Volume::Write(uint64_t block, std::span<const std::byte> data) {
  lock::MayDo(lock::Action::kVolumeIo);
  FL_TEST_POINT("store.volume.write");
  FL_TRY(CheckRange(block, data.size()));
  auto result = file_->Write(block * kBlockSize, data);
  dirty_.store(true, std::memory_order_release);
  if (result) return {};
  const int code = result.error().code() == ENOSPC ? ENOSPC : EIO;
  return Fail(code, "writing volume blocks {}+{}: {}", block, data.size() / kBlockSize,
              result.error().ToString());
}

Result<> Volume::Sync() {
  lock::MayDo(lock::Action::kVolumeIo);
  FL_TEST_POINT("store.volume.sync");
  if (!dirty_.exchange(false, std::memory_order_acq_rel)) return {};
  auto result = file_->SyncData();
  if (!result) return Fail(EIO, "syncing the volume: {}", result.error().ToString());
  return {};
}

Result<Extent> Volume::GrowTo(uint64_t blocks) {
  lock::MayDo(lock::Action::kVolumeIo);
  FL_TEST_POINT("store.volume.grow");
  lock::MutexLock lock(grow_mu_);
  blocks = std::min(blocks, max_blocks_);
  const uint64_t old = Blocks();
  if (blocks <= old) return Extent{};
  auto result = file_->Grow(blocks * kBlockSize);
  if (!result)
    return Fail(result.error().code(), "growing the volume to {} blocks: {}", blocks,
                result.error().ToString());
  dirty_.store(true, std::memory_order_release);
  grown_.store(blocks, std::memory_order_release);
  return Extent{{Space::kVolume, old}, blocks - old};
}

}  // namespace faultline::store
