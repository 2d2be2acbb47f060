// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/records.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "store/keys.h"
#include "store/record_codec.h"

namespace faultline::store {

namespace {

constexpr RecordKind kSuperblock{'S', 1, "superblock"};
constexpr RecordKind kState{'T', 1, "state"};
constexpr RecordKind kOrphan{'O', 1, "orphan"};
constexpr RecordKind kInode{'I', 1, "inode"};
constexpr RecordKind kDirent{'D', 1, "dirent"};

constexpr size_t kTimestampSize = 12;
constexpr uint32_t kNanosecondsPerSecond = 1'000'000'000;

void Put(RecordWriter& out, const Timestamp& time) {
  out.U64(static_cast<uint64_t>(time.seconds)).U32(time.nanoseconds);
}

Timestamp GetTimestamp(RecordReader& in) {
  Timestamp time;
  time.seconds = static_cast<int64_t>(in.U64());
  time.nanoseconds = in.U32();
  return time;
}

Result<> CheckTimestamp(const Timestamp& time) {
  if (time.nanoseconds >= kNanosecondsPerSecond)
    return Fail(EUCLEAN, "a time has {} nanoseconds", time.nanoseconds);
  return {};
}

bool IsFileType(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK: return true;
    default: return false;
  }
}

Result<> CheckInode(const InodeRecord& inode) {
  if (!IsFileType(inode.mode)) return Fail(EUCLEAN, "mode {:o} is no file type", inode.mode);
  if (inode.size > kEndOfFile) return Fail(EUCLEAN, "size {} is too large", inode.size);
  for (const Timestamp& time : {inode.atime, inode.mtime, inode.ctime, inode.btime})
    FL_TRY(CheckTimestamp(time));
  return {};
}

Result<> CheckSuperblock(const Superblock& super) {
  if (super.format != kFormatVersion)
    return Fail(EUCLEAN, "superblock names format {} (this program knows {})", super.format,
                kFormatVersion);
  if (super.volume_blocks < 2)
    return Fail(EUCLEAN, "superblock names a volume of {} blocks", super.volume_blocks);
  return CheckTimestamp(super.created);
}

}  // namespace

std::string EncodeInode(std::string_view key, const InodeRecord& inode) {
  RecordWriter out(kInode, 7 * 4 + 3 * 8 + 4 * kTimestampSize);
  out.U32(inode.generation).U32(inode.mode).U32(inode.uid).U32(inode.gid).U32(inode.nlink);
  out.U32(inode.rdev).U32(inode.flags).U64(inode.size).U64(inode.blocks);
  for (const Timestamp& time : {inode.atime, inode.mtime, inode.ctime, inode.btime}) Put(out, time);
  out.U64(Raw(inode.parent));
  return out.Finish(key);
}

Result<InodeRecord> DecodeInode(std::string_view key, std::string_view record) {
  FL_ASSIGN_OR_RETURN(RecordReader in, RecordReader::Open(kInode, key, record));
  const auto ino = keys::ParseInode(key);
  if (!ino) return Fail(EUCLEAN, "not the key of an inode");
  InodeRecord inode;
  inode.ino = *ino;
  for (uint32_t* field : {&inode.generation, &inode.mode, &inode.uid, &inode.gid, &inode.nlink,
                          &inode.rdev, &inode.flags})
    *field = in.U32();
  inode.size = in.U64();
  inode.blocks = in.U64();
  for (Timestamp* time : {&inode.atime, &inode.mtime, &inode.ctime, &inode.btime})
    *time = GetTimestamp(in);
  inode.parent = InodeId{in.U64()};
  FL_TRY(in.Done());
  FL_TRY(CheckInode(inode));
  return inode;
}

std::string EncodeDirent(std::string_view key, InodeId ino, uint8_t type) {
  return RecordWriter(kDirent, 9).U64(Raw(ino)).U8(type).Finish(key);
}

Result<Dirent> DecodeDirent(std::string_view key, std::string_view record) {
  FL_ASSIGN_OR_RETURN(RecordReader in, RecordReader::Open(kDirent, key, record));
  const auto parsed = keys::ParseDirent(key);
  if (!parsed) return Fail(EUCLEAN, "not the key of a dirent");
  const InodeId ino{in.U64()};
  const uint8_t type = in.U8();
  FL_TRY(in.Done());
  if (ino == kNoInode) return Fail(EUCLEAN, "dirent names no inode");
  return Dirent{std::string(parsed->name), ino, type, parsed->hash};
}

std::string EncodeOrphan(std::string_view key) { return RecordWriter(kOrphan, 0).Finish(key); }

Result<InodeId> DecodeOrphan(std::string_view key, std::string_view record) {
  FL_ASSIGN_OR_RETURN(RecordReader in, RecordReader::Open(kOrphan, key, record));
  FL_TRY(in.Done());
  const auto ino = keys::ParseOrphan(key);
  if (!ino) return Fail(EUCLEAN, "not the key of an orphan");
  return *ino;
}

std::string EncodeSuperblock(const Superblock& super) {
  RecordWriter out(kSuperblock, 4 + 16 + 1 + kMaxLabelLength + 16 + kTimestampSize);
  out.U32(super.format);
  out.Bytes({reinterpret_cast<const char*>(super.uuid.data()), super.uuid.size()});
  const std::string_view label = std::string_view(super.label).substr(0, kMaxLabelLength);
  out.U8(label.size()).Bytes(label);
  out.U64(super.volume_blocks).U64(super.name_hash_seed);
  Put(out, super.created);
  return out.Finish(keys::kSuperblock);
}

Result<Superblock> DecodeSuperblock(std::string_view record) {
  FL_ASSIGN_OR_RETURN(RecordReader in, RecordReader::Open(kSuperblock, keys::kSuperblock, record));
  Superblock super;
  super.format = in.U32();
  std::ranges::copy(in.Bytes(super.uuid.size()), super.uuid.begin());
  const uint8_t label_length = in.U8();
  if (label_length > kMaxLabelLength)
    return Fail(EUCLEAN, "superblock has a label of {} bytes", label_length);
  super.label = in.Bytes(label_length);
  super.volume_blocks = in.U64();
  super.name_hash_seed = in.U64();
  super.created = GetTimestamp(in);
  FL_TRY(in.Done());
  FL_TRY(CheckSuperblock(super));
  return super;
}

std::string EncodeState(const StoreState& state) {
  RecordWriter out(kState, 24);
  return out.U64(state.last_txg).U64(state.next_inode).U64(state.next_small).Finish(keys::kState);
}

Result<StoreState> DecodeState(std::string_view record) {
  FL_ASSIGN_OR_RETURN(RecordReader in, RecordReader::Open(kState, keys::kState, record));
  StoreState state;
  state.last_txg = in.U64();
  state.next_inode = in.U64();
  state.next_small = in.U64();
  FL_TRY(in.Done());
  return state;
}

std::string_view EncodeSmall(std::span<const std::byte, kBlockSize> block) {
  const std::string_view bytes(reinterpret_cast<const char*>(block.data()), block.size());
  return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
}

Result<> DecodeSmall(std::string_view value, std::span<std::byte, kBlockSize> block) {
  if (value.size() > block.size())
    return Fail(EUCLEAN, "small block of {} bytes is too long", value.size());
  const auto end = std::ranges::copy(std::as_bytes(std::span(value)), block.begin()).out;
  std::fill(end, block.end(), std::byte{0});
  return {};
}

}  // namespace faultline::store
