// SPDX-License-Identifier: GPL-2.0-or-later
#include "support/mounted_filesystem.h"

#include <sys/stat.h>

#include <cerrno>
#include <future>

#include "base/check.h"

namespace faultline::test {
namespace {

constexpr std::chrono::seconds kPatience{60};

// Runs a call that ends in a completion and waits for it.
template <typename T, typename Call>
Result<T> Await(Call call) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  std::future<Result<T>> future = promise->get_future();
  call([promise](Result<T> result) { promise->set_value(std::move(result)); });
  FL_CHECK(future.wait_for(kPatience) == std::future_status::ready, "no completion");
  return future.get();
}

std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

MountedFilesystem::MountedFilesystem(const Options& options)
    : options_(options), store_(std::make_unique<store::MemoryStore>(options.store)) {
  Mount();
}

MountedFilesystem::~MountedFilesystem() {
  if (fs_) (void)fs_->Shutdown();
}

void MountedFilesystem::Mount() {
  Result<std::unique_ptr<fs::Filesystem>> opened =
      fs::Filesystem::Open(*store_, kernel_, options_.fs);
  FL_CHECK(opened, "{}", opened.error().ToString());
  fs_ = *std::move(opened);
}

void MountedFilesystem::Crash() {
  std::unique_ptr<store::MemoryStore> after = store_->AfterCrash();
  fs_.reset();
  store_ = std::move(after);
  Mount();
}

void MountedFilesystem::Remount() {
  FL_CHECK(fs_->Shutdown());
  Crash();
}

fs::Request MountedFilesystem::NextRequest() {
  const uint64_t unique = unique_.fetch_add(2) + 2;
  return {.unique = unique, .horizon = unique, .uid = 1000, .gid = 1000, .umask = 0};
}

InodeId MountedFilesystem::MakeFile(std::string_view name, InodeId parent) {
  Result<fs::Attributes> made = fs_->Create(NextRequest(), parent, name, 0644);
  FL_CHECK(made, "{}", made.error().ToString());
  return made->ino;
}

InodeId MountedFilesystem::MakeDirectory(std::string_view name, InodeId parent) {
  Result<fs::Attributes> made = fs_->Mkdir(NextRequest(), parent, name, 0755);
  FL_CHECK(made, "{}", made.error().ToString());
  return made->ino;
}

int MountedFilesystem::Write(InodeId ino, uint64_t offset, std::string_view data,
                             fs::WriteKind kind, std::optional<fs::Request> request) {
  if (!request) request = NextRequest();
  return ErrnoOf(Await<size_t>([&](auto done) {
    fs_->Write(*request, ino, kind, offset, BytesOf(data), false, std::move(done));
  }));
}

int MountedFilesystem::Truncate(InodeId ino, uint64_t size) {
  fs::AttributeChange change;
  change.size = size;
  return ErrnoOf(fs_->SetAttributes(NextRequest(), ino, change));
}

int MountedFilesystem::Fallocate(InodeId ino, int mode, ByteRange range) {
  return ErrnoOf(Await<void>(
      [&](auto done) { fs_->Fallocate(NextRequest(), ino, mode, range, std::move(done)); }));
}

Result<size_t> MountedFilesystem::Copy(InodeId in, uint64_t in_offset, InodeId out,
                                       uint64_t out_offset, uint64_t size) {
  return Await<size_t>([&](auto done) {
    fs_->CopyFileRange(NextRequest(), in, in_offset, out, out_offset, size, std::move(done));
  });
}

// With a store that commits only when told, the commit comes from here.
int MountedFilesystem::Fsync(InodeId ino) {
  return ErrnoOf(Await<void>([&](auto done) {
    fs_->Fsync(ino, false, std::move(done));
    if (options_.store.manual_commit) (void)store_->Commit();
  }));
}

Result<std::string> MountedFilesystem::TryRead(InodeId ino, ByteRange range, fs::ReadKind kind) {
  FL_ASSIGN_OR_RETURN(const fs::ReadReply reply, fs_->Read(ino, range, kind));
  const auto bytes = reply.Bytes();
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::string MountedFilesystem::Read(InodeId ino, ByteRange range, fs::ReadKind kind) {
  Result<std::string> read = TryRead(ino, range, kind);
  FL_CHECK(read, "{}", read.error().ToString());
  return *std::move(read);
}

std::string MountedFilesystem::ReadAll(InodeId ino) { return Read(ino, {0, Stat(ino).size}); }

fs::Attributes MountedFilesystem::Stat(InodeId ino) {
  Result<fs::Attributes> attributes = fs_->GetAttributes(ino);
  FL_CHECK(attributes, "{}", attributes.error().ToString());
  return *attributes;
}

uint64_t MountedFilesystem::MappedBlocks(InodeId ino) {
  uint64_t blocks = 0;
  auto chunks = store_->ListChunks(ino, 0, ~size_t{0});
  FL_CHECK(chunks);
  for (const auto& [index, chunk] : *chunks) blocks += chunk->AllocatedBlocks();
  return blocks;
}

}  // namespace faultline::test
