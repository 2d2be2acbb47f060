// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/fake_filesystem.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace faultline::test {
namespace {

using Guard = std::lock_guard<std::mutex>;

fs::Attributes NewAttributes(InodeId ino, uint32_t mode, const fs::Request& request) {
  fs::Attributes attributes;
  attributes.ino = ino;
  attributes.mode = mode;
  attributes.uid = request.uid;
  attributes.gid = request.gid;
  attributes.nlink = S_ISDIR(mode) ? 2 : 1;
  return attributes;
}

}  // namespace

FakeFilesystem::FakeFilesystem(fs::KernelCache& kernel) : kernel_(kernel) {
  nodes_[kRootInode].attributes = NewAttributes(kRootInode, S_IFDIR | 0755, {});
}

Result<FakeFilesystem::Node*> FakeFilesystem::Directory(InodeId ino) {
  auto node = nodes_.find(ino);
  if (node == nodes_.end()) return Fail(ESTALE);
  if (!S_ISDIR(node->second.attributes.mode)) return Fail(ENOTDIR);
  return &node->second;
}

Result<fs::Attributes> FakeFilesystem::Lookup(InodeId parent, std::string_view name) {
  Guard guard(mu_);
  FL_ASSIGN_OR_RETURN(Node * directory, Directory(parent));
  auto child = directory->children.find(name);
  if (child == directory->children.end()) return Fail(ENOENT);
  ++seen_.references;
  return nodes_[child->second].attributes;
}

void FakeFilesystem::Forget(InodeId, uint64_t count) {
  Guard guard(mu_);
  seen_.references -= static_cast<int64_t>(count);
}

Result<fs::Attributes> FakeFilesystem::MakeLocked(const fs::Request& request, InodeId parent,
                                                  std::string_view name, uint32_t mode) {
  FL_ASSIGN_OR_RETURN(Node * directory, Directory(parent));
  if (directory->children.contains(name)) return Fail(EEXIST);
  const InodeId ino{next_ino_++};
  directory->children.emplace(name, ino);
  Node& node = nodes_[ino];
  node.attributes = NewAttributes(ino, mode, request);
  ++seen_.references;
  return node.attributes;
}

Result<fs::Attributes> FakeFilesystem::Create(const fs::Request& request, InodeId parent,
                                              std::string_view name, uint32_t mode) {
  Guard guard(mu_);
  return MakeLocked(request, parent, name, S_IFREG | (mode & 07777));
}

Result<fs::Attributes> FakeFilesystem::Mkdir(const fs::Request& request, InodeId parent,
                                             std::string_view name, uint32_t mode) {
  Guard guard(mu_);
  return MakeLocked(request, parent, name, S_IFDIR | (mode & 07777));
}

Result<> FakeFilesystem::RemoveLocked(InodeId parent, std::string_view name) {
  FL_ASSIGN_OR_RETURN(Node * directory, Directory(parent));
  auto child = directory->children.find(name);
  if (child == directory->children.end()) return Fail(ENOENT);
  if (!nodes_[child->second].children.empty()) return Fail(ENOTEMPTY);
  nodes_[child->second].attributes.nlink = 0;
  directory->children.erase(child);
  return {};
}

Result<> FakeFilesystem::Unlink(InodeId parent, std::string_view name) {
  Guard guard(mu_);
  return RemoveLocked(parent, name);
}

Result<> FakeFilesystem::Rmdir(InodeId parent, std::string_view name) {
  Guard guard(mu_);
  return RemoveLocked(parent, name);
}

Result<> FakeFilesystem::Rename(InodeId parent, std::string_view name, InodeId new_parent,
                                std::string_view new_name, uint32_t flags) {
  Guard guard(mu_);
  if (flags != 0) return Fail(EINVAL);
  FL_ASSIGN_OR_RETURN(Node * from, Directory(parent));
  FL_ASSIGN_OR_RETURN(Node * to, Directory(new_parent));
  auto child = from->children.find(name);
  if (child == from->children.end()) return Fail(ENOENT);
  const InodeId ino = child->second;
  from->children.erase(child);
  to->children[std::string(new_name)] = ino;
  return {};
}

Result<std::vector<fs::DirectoryEntry>> FakeFilesystem::ReadDirectory(InodeId ino, uint64_t cookie,
                                                                      size_t limit, bool plus) {
  Guard guard(mu_);
  FL_ASSIGN_OR_RETURN(Node * directory, Directory(ino));
  std::vector<fs::DirectoryEntry> all = {{".", ino, DT_DIR, 1, {}},
                                         {"..", kRootInode, DT_DIR, 2, {}}};
  for (const auto& [name, child] : directory->children) {
    const fs::Attributes& attributes = nodes_[child].attributes;
    fs::DirectoryEntry entry{
        name, child, static_cast<uint8_t>(attributes.mode >> 12), all.size() + 1, {}};
    if (plus) entry.attributes = attributes;
    all.push_back(std::move(entry));
  }
  std::vector<fs::DirectoryEntry> page;
  for (size_t i = cookie; i < all.size() && page.size() < limit; ++i) {
    if (all[i].attributes) ++seen_.references;
    page.push_back(all[i]);
  }
  return page;
}

Result<fs::Attributes> FakeFilesystem::GetAttributes(InodeId ino) {
  Guard guard(mu_);
  auto node = nodes_.find(ino);
  if (node == nodes_.end()) return Fail(ESTALE);
  return node->second.attributes;
}

void FakeFilesystem::ResizeLocked(Node& node, uint64_t size) {
  node.data.resize(size);
  node.attributes.size = size;
}

Result<fs::Attributes> FakeFilesystem::SetAttributes(const fs::Request&, InodeId ino,
                                                     const fs::AttributeChange& change) {
  Guard guard(mu_);
  auto node = nodes_.find(ino);
  if (node == nodes_.end()) return Fail(ESTALE);
  fs::Attributes& attributes = node->second.attributes;
  if (change.mode) attributes.mode = (attributes.mode & S_IFMT) | *change.mode;
  if (change.kill_suid_sgid) {
    ++seen_.kills_of_suid;
    attributes.mode &= ~uint32_t{S_ISUID};
  }
  if (change.uid) attributes.uid = *change.uid;
  if (change.gid) attributes.gid = *change.gid;
  if (change.atime) attributes.atime = *change.atime;
  if (change.mtime) attributes.mtime = *change.mtime;
  if (change.size) ResizeLocked(node->second, *change.size);
  return attributes;
}

Result<> FakeFilesystem::OpenFile(InodeId, int) {
  Guard guard(mu_);
  ++seen_.open_files;
  return {};
}

void FakeFilesystem::ReleaseFile(InodeId, int) {
  Guard guard(mu_);
  --seen_.open_files;
}

Result<fs::ReadReply> FakeFilesystem::Read(InodeId ino, ByteRange range, fs::ReadKind kind) {
  std::unique_lock<std::mutex> lock(mu_);
  ++seen_.reads[kind];
  released_.wait(lock, [this] { return !hold_reads_; });
  const std::string& data = nodes_[ino].data;
  range = range.Intersect({0, data.size()});
  store::BlockBuffer buffer(range.Size() / kBlockSize + 1);
  std::copy_n(reinterpret_cast<const std::byte*>(data.data()) + range.begin, range.Size(),
              buffer.Bytes().begin());
  return fs::ReadReply(lock::GracePeriod::ReadSection(readers_), std::move(buffer), 0,
                       range.Size());
}

void FakeFilesystem::Write(const fs::Request& request, InodeId ino, fs::WriteKind kind,
                           uint64_t offset, std::span<const std::byte> data, bool kill_suid_sgid,
                           fs::Completion<size_t> done) {
  {
    Guard guard(mu_);
    ++seen_.writes[kind];
    seen_.last_write = request.unique;
    seen_.last_horizon = request.horizon;
    Node& node = nodes_[ino];
    if (kill_suid_sgid) {
      ++seen_.kills_of_suid;
      node.attributes.mode &= ~uint32_t{S_ISUID};
    }
    if (data.size() % kBlockSize == 0 && reinterpret_cast<uintptr_t>(data.data()) % kBlockSize != 0)
      ++seen_.unaligned_payloads;
    ResizeLocked(node, std::max<uint64_t>(node.data.size(), offset + data.size()));
    node.data.replace(offset, data.size(), reinterpret_cast<const char*>(data.data()), data.size());
  }
  if (kind != fs::WriteKind::kDirect) return done(data.size());
  kernel_.Invalidate(ino, ByteRange::OfSize(offset, data.size()),
                     [done, size = data.size()] { done(size); });
}

void FakeFilesystem::Fallocate(const fs::Request&, InodeId ino, int mode, ByteRange range,
                               fs::Completion<> done) {
  if (mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
    return done(tl::unexpected<Error>(Error(EOPNOTSUPP)));
  {
    Guard guard(mu_);
    std::string& data = nodes_[ino].data;
    const ByteRange inside = range.Intersect({0, data.size()});
    std::fill_n(data.begin() + static_cast<ptrdiff_t>(inside.begin), inside.Size(), '\0');
  }
  kernel_.Invalidate(ino, range, [done] { done({}); });
}

void FakeFilesystem::CopyFileRange(const fs::Request&, InodeId, uint64_t, InodeId, uint64_t,
                                   uint64_t, fs::Completion<size_t> done) {
  done(tl::unexpected<Error>(Error(EOPNOTSUPP)));
}

Result<uint64_t> FakeFilesystem::Seek(InodeId ino, uint64_t offset, int whence) {
  Guard guard(mu_);
  const uint64_t size = nodes_[ino].data.size();
  if (offset >= size) return Fail(ENXIO);
  return whence == SEEK_DATA ? offset : size;
}

void FakeFilesystem::Fsync(InodeId, bool, fs::Completion<> done) {
  {
    Guard guard(mu_);
    if (std::exchange(throw_from_fsync_, false)) throw std::bad_alloc();
  }
  done({});
}

fs::FilesystemUsage FakeFilesystem::Usage() const {
  return {.total_blocks = 1000,
          .free_blocks = 900,
          .available_blocks = 800,
          .inodes = 10,
          .free_inodes = 90};
}

Result<> FakeFilesystem::Shutdown() {
  Guard guard(mu_);
  seen_.shut_down = true;
  return {};
}

FakeFilesystem::Seen FakeFilesystem::seen() const {
  Guard guard(mu_);
  return seen_;
}

void FakeFilesystem::ThrowFromFsync() {
  Guard guard(mu_);
  throw_from_fsync_ = true;
}

void FakeFilesystem::HoldReads() {
  Guard guard(mu_);
  hold_reads_ = true;
}

void FakeFilesystem::ReleaseReads() {
  Guard guard(mu_);
  hold_reads_ = false;
  released_.notify_all();
}

}  // namespace faultline::test
