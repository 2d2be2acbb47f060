// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/status.h"

#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/version.h"
#include "fuse/readahead.h"
#include "lock/validator.h"

namespace faultline::fuse {
namespace {

// Keys in the order in which people want to read them.
using Json = nlohmann::ordered_json;

std::string FormatUuid(const std::array<uint8_t, 16>& uuid) {
  std::string text;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", uuid[i]);
  }
  return text;
}

double Seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

const char* Name(lock::ValidatorMode mode) {
  switch (mode) {
    case lock::ValidatorMode::kOff: return "off";
    case lock::ValidatorMode::kReport: return "report";
    case lock::ValidatorMode::kAbort: return "abort";
  }
  return "?";
}

Json MountStatus(const StatusSources& sources) {
  const MountEntry& mount = sources.session.Entry();
  return {{"point", sources.mount_point},
          {"read_only", sources.store.ReadOnly()},
          {"write_cache", sources.options.writeback_cache ? "writeback" : "through"},
          {"options", mount.options + "," + mount.super_options},
          {"connection", minor(mount.device)}};
}

Json StoreStatus(const StatusSources& sources) {
  const store::Superblock& super = sources.store.Super();
  return {{"path", sources.store_path},
          {"uuid", FormatUuid(super.uuid)},
          {"label", super.label},
          {"format", super.format}};
}

Json SpaceStatus(const store::SpaceUsage& space) {
  return {{"block_size", kBlockSize},
          {"total_bytes", space.total_blocks * kBlockSize},
          {"free_bytes", space.free_blocks * kBlockSize},
          {"pending_bytes", space.pending_blocks * kBlockSize},
          {"reserve_bytes", space.reserve_blocks * kBlockSize},
          {"small_bytes", space.small_bytes},
          {"inodes", space.inodes}};
}

Json CommitState(const StatusSources& sources) {
  const store::CommitStatus commits = sources.store.Commits();
  return {{"interval_seconds", Seconds(sources.options.commit_interval)},
          {"open_group", commits.open},
          {"durable_group", commits.durable},
          {"commits", commits.commits},
          {"pending_bytes", commits.pending_bytes},
          {"last_seconds", Seconds(commits.last_commit)},
          {"error", commits.error}};
}

// What it is now: anybody may have changed it since.
Json KernelStatus(const Negotiation& negotiated, dev_t device) {
  const Result<unsigned> readahead = GetReadahead(device);
  return {{"release", KernelRelease()},
          {"protocol", fmt::format("{}.{}", negotiated.kernel_major, negotiated.kernel_minor)},
          {"max_write", negotiated.max_write},
          {"max_readahead", readahead ? *readahead * 1024 : negotiated.max_readahead},
          {"max_background", negotiated.max_background},
          {"taken", InitFlagNames(negotiated.taken)},
          {"not_taken", InitFlagNames(negotiated.offered & ~negotiated.taken)}};
}

// `state`: active, not needed (by this kernel), or missing (needed, but not built).
Json Workaround(const char* name, const char* state, const char* why) {
  return {{"name", name}, {"state", state}, {"why", why}};
}

Json Workarounds(const Negotiation& negotiated) {
  const bool drain = NeedsDrainRead(KernelRelease());
  const bool invalidates = (negotiated.taken & FUSE_EXPLICIT_INVAL_DATA) != 0;
  return {
      Workaround("page_killer_masks", "active",
                 "the client does not exclude faults from fallocate, copy_file_range and direct "
                 "writes"),
      Workaround("last_writer_by_unique", "active",
                 "overlapping writes may reach two workers in the wrong order"),
      Workaround("setattr_for_o_trunc", "active",
                 "the client truncates in OPEN without its inode lock"),
      Workaround("explicit_invalidation", invalidates ? "active" : "missing",
                 "the client would drop a file's cache after each of our own mtime changes"),
      Workaround("drain_read", drain ? "missing" : "not needed",
                 "up to Linux 6.15 an invalidation does not wait for copies under writeback")};
}

Json WorkerStatus(const WorkerPool::Load& load) {
  return {{"threads", load.workers},
          {"busy", load.busy},
          {"most_busy", load.most_busy},
          {"requests", load.requests}};
}

Json NotifierStatus(const KernelNotifier::Counters& counters) {
  return {{"invalidations", counters.completed},
          {"failed", counters.failed},
          {"queued", counters.queued}};
}

}  // namespace

std::string KernelRelease() {
  utsname name{};
  uname(&name);
  return name.release;
}

bool NeedsDrainRead(const std::string& release) {
  int major = 0, minor = 0;
  if (std::sscanf(release.c_str(), "%d.%d", &major, &minor) != 2) return true;
  return std::pair(major, minor) <= std::pair(6, 15);
}

std::string StatusText(const StatusSources& sources) {
  const Negotiation negotiated = sources.session.Negotiated();
  const Json status = {
      {"version", kVersion},
      {"pid", getpid()},
      {"uptime_seconds", Seconds(sources.uptime)},
      {"mount", MountStatus(sources)},
      {"store", StoreStatus(sources)},
      {"space", SpaceStatus(sources.store.Space())},
      {"commit", CommitState(sources)},
      {"kernel", KernelStatus(negotiated, sources.session.Entry().device)},
      {"workarounds", Workarounds(negotiated)},
      {"workers", WorkerStatus(sources.session.Load())},
      {"notifier", NotifierStatus(sources.notifier.Count())},
      {"lock_validator",
       {{"mode", Name(lock::GetValidatorMode())}, {"violations", lock::ViolationCount()}}}};
  // Replaces what is not UTF-8: a path may be any bytes.
  return status.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace faultline::fuse
