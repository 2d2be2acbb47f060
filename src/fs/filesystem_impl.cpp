// SPDX-License-Identifier: GPL-2.0-or-later
#include "fs/filesystem_impl.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutant.h"

namespace faultline::fs {
namespace {

// About 64 MiB of extent map, for 32 GiB of file.
constexpr size_t kCachedChunks = 128 * 1024;

}  // namespace

Result<std::unique_ptr<Filesystem>> Filesystem::Open(store::Store& store, KernelCache& kernel,
                                                     const Options& options) {
  FL_ASSIGN_OR_RETURN(auto root, store.GetInode(kRootInode));
  if (!root) return Fail(EUCLEAN, "the store has no root directory");
  auto filesystem = std::make_unique<FilesystemImpl>(store, kernel, options);
  return std::unique_ptr<Filesystem>(std::move(filesystem));
}

FilesystemImpl::FilesystemImpl(store::Store& store, KernelCache& kernel, const Options& options)
    : store_(store),
      options_(options),
      chunk_budget_(kCachedChunks),
      inodes_(store, chunk_budget_),
      killer_(kernel),
      small_mover_(store, inodes_),
      orphans_(store) {
  if (store.ReadOnly()) return;
  store_.SetPreCommit([this] { small_mover_.Run(); });
  Result<std::vector<InodeId>> left = store_.ListOrphans();
  if (!left) {
    LogError("cannot list the orphans of the last mount: {}", left.error().ToString());
    return;
  }
  for (InodeId ino : *left)
    if (Result<InodePtr> inode = inodes_.Get(ino)) orphans_.Collect(*inode);
}

FilesystemImpl::~FilesystemImpl() { store_.SetPreCommit({}); }

Result<> FilesystemImpl::Shutdown() {
  for (const InodePtr& inode : inodes_.ForgetAll()) CollectIfUnused(inode);
  if (store_.ReadOnly()) return {};
  orphans_.Drain();
  return store_.Commit();
}

Result<InodePtr> FilesystemImpl::RegularFile(InodeId ino) {
  FL_ASSIGN_OR_RETURN(InodePtr inode, inodes_.Get(ino));
  lock::SharedLock lock(inode->mapping);
  if (S_ISDIR(inode->record.mode)) return Fail(EISDIR);
  if (!S_ISREG(inode->record.mode)) return Fail(EINVAL);
  return inode;
}

Result<InodePtr> FilesystemImpl::DirectoryFor(InodeId ino) {
  FL_ASSIGN_OR_RETURN(InodePtr inode, inodes_.Get(ino));
  lock::SharedLock lock(inode->mapping);
  if (!inode->IsDirectory()) return Fail(ENOTDIR);
  return inode;
}

// An inode goes after its last name. A name that is there when the inode is not never goes by
// itself: without the second look, whoever starts over would do so for ever.
Result<InodePtr> FilesystemImpl::NamedInode(InodeId parent, const store::Dirent& dirent) {
  Result<InodePtr> inode = inodes_.Get(dirent.ino);
  if (inode || inode.error().code() != ENOENT) return inode;
  FL_ASSIGN_OR_RETURN(const auto now, store_.GetDirent(parent, dirent.name));
  if (!now || now->ino != dirent.ino) return InodePtr{};
  auto error = Fail(EUCLEAN, "directory {}: the name '{}' leads to inode {}, which does not exist",
                    Raw(parent), dirent.name, Raw(dirent.ino));
  LogError("{}", error.value().message());
  return error;
}

void FilesystemImpl::CollectIfUnused(const InodePtr& inode) {
  if (inodes_.Referenced(inode->id)) return;
  {
    lock::SharedLock lock(inode->mapping);
    if (inode->record.nlink != 0) return;
  }
  orphans_.Collect(inode);
}

PageMasks::Id FilesystemImpl::MaskForKillLocked(Inode& inode, ByteRange range) {
  if (!inode.pages_cached.load(std::memory_order_relaxed)) return 0;
  return killer_.MaskLocked(inode, range);
}

void FilesystemImpl::FinishKill(Killed killed, std::function<void()> done) {
  if (killed.mask != 0 && Mutated(Mutant::kNoInvalidation)) {
    lock::ExclusiveLock lock(killed.inode->mapping);
    killed.inode->masks.Remove(std::exchange(killed.mask, 0));
  }
  if (killed.mask == 0) return done();
  killer_.Finish(std::move(killed.inode), killed.mask, killed.range, std::move(done));
}

FilesystemUsage FilesystemImpl::Usage() const {
  const store::SpaceUsage space = store_.Space();
  FilesystemUsage usage;
  usage.total_blocks = space.total_blocks;
  usage.free_blocks = space.free_blocks + space.pending_blocks;
  usage.available_blocks = usage.free_blocks - std::min(usage.free_blocks, space.reserve_blocks);
  usage.inodes = space.inodes;
  usage.free_inodes = usage.available_blocks;  // an inode costs less than a block
  return usage;
}

Timestamp Now() {
  const int64_t now = RealtimeNow().count();
  return {now / 1'000'000'000, static_cast<uint32_t>(now % 1'000'000'000)};
}

void KillSuidSgid(store::InodeRecord& record) {
  if (S_ISDIR(record.mode)) return;  // there they mean inheritance, not privilege
  record.mode &= ~static_cast<uint32_t>(S_ISUID);
  // Without group execution the bit once meant mandatory locking; it stays.
  if (record.mode & S_IXGRP) record.mode &= ~static_cast<uint32_t>(S_ISGID);
}

Result<> CheckName(std::string_view name) {
  if (name.size() > store::kMaxNameLength) return Fail(ENAMETOOLONG);
  if (name.empty() || name == "." || name == "..") return Fail(EINVAL);
  return {};
}

}  // namespace faultline::fs
