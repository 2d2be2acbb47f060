// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/mount_options.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "base/mutant.h"
#include "fuse/readahead.h"

namespace faultline::fuse {
namespace {

struct Item {
  std::string_view name;
  std::optional<std::string_view> value;  // behind '='
  std::string_view text;                  // all of it
};

// For the kernel or fusermount3, through libfuse.
constexpr std::array kKernelFlags = {"suid",    "nosuid",     "dev",   "nodev",
                                     "exec",    "noexec",     "sync",  "dirsync",
                                     "noatime", "nodiratime", "async", "allow_other"};
constexpr std::array kKernelValues = {"context", "fscontext", "defcontext", "rootcontext"};

// Instructions to mount(8), systemd and boot scripts, and what every mount has here anyway.
constexpr std::array kIgnored = {
    "defaults",   "auto",        "noauto",        "nofail",
    "_netdev",    "user",        "nouser",        "users",
    "owner",      "group",       "uhelper",       "helper",
    "comment",    "relatime",    "atime",         "diratime",
    "norelatime", "strictatime", "nostrictatime", "lazytime",
    "nolazytime", "mand",        "nomand",        "loud",
    "silent",     "iversion",    "noiversion",    "default_permissions"};

template <class List>
bool Contains(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// Without the quotation marks that mount(8) leaves around an SELinux context with commas.
std::vector<std::string_view> Split(std::string_view list) {
  std::vector<std::string_view> items;
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && list[i] == '"') quoted = !quoted;
    if (i < list.size() && (quoted || list[i] != ',')) continue;
    if (i > begin) items.push_back(list.substr(begin, i - begin));
    begin = i + 1;
  }
  return items;
}

Item ParseItem(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {text, std::nullopt, text};
  return {text.substr(0, equals), text.substr(equals + 1), text};
}

Result<> SetWriteCache(const Item& item, MountOptions& options) {
  const std::string_view value = item.value.value_or("");
  if (value != "through" && value != "writeback")
    return Fail(EINVAL, "option '{}': write_cache is 'through' or 'writeback'", item.text);
  options.writeback_cache = value == "writeback";
  return {};
}

// nullopt: not a number from `least` to `most`.
std::optional<std::chrono::milliseconds> ParseSeconds(const Item& item, double least, double most) {
  const std::string_view value = item.value.value_or("");
  double seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size() || !(seconds >= least) ||
      !(seconds <= most))
    return std::nullopt;
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000 + 0.5));
}

Result<> SetCommit(const Item& item, MountOptions& options) {
  const auto interval = ParseSeconds(item, 0.01, 300);
  if (!interval)
    return Fail(EINVAL, "option '{}': commit is a number of seconds from 0.01 to 300", item.text);
  options.commit_interval = *interval;
  return {};
}

Result<> SetHangTimeout(const Item& item, MountOptions& options) {
  const auto timeout = ParseSeconds(item, 0, 86400);
  if (!timeout)
    return Fail(EINVAL, "option '{}': hang_timeout is a number of seconds from 0 (off) to 86400",
                item.text);
  options.hang_timeout = *timeout;
  return {};
}

Result<> SetOnHang(const Item& item, MountOptions& options) {
  const std::string_view value = item.value.value_or("");
  if (value != "report" && value != "abort")
    return Fail(EINVAL, "option '{}': on_hang is 'report' or 'abort'", item.text);
  options.abort_on_hang = value == "abort";
  return {};
}

Result<> SetLockStatistics(const Item&, MountOptions& options) {
  options.lock_statistics = true;
  return {};
}

Result<> SetReadaheadOption(const Item& item, MountOptions& options) {
  const std::string_view value = item.value.value_or("");
  unsigned kib = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), kib);
  if (value.empty() || error != std::errc() || end != value.data() + value.size() ||
      kib > kMaxReadaheadKib)
    return Fail(EINVAL, "option '{}': readahead is a number of KiB from 0 to {}", item.text,
                kMaxReadaheadKib);
  options.readahead_kib = kib;
  return {};
}

Result<> SetLockValidator(const Item& item, MountOptions& options) {
  const std::string_view value = item.value.value_or("");
  if (value == "off")
    options.lock_validator = lock::ValidatorMode::kOff;
  else if (value == "report")
    options.lock_validator = lock::ValidatorMode::kReport;
  else if (value == "abort")
    options.lock_validator = lock::ValidatorMode::kAbort;
  else
    return Fail(EINVAL, "option '{}': lock_validator is 'off', 'report' or 'abort'", item.text);
  return {};
}

Result<> AddTestPoint(const Item& item, MountOptions& options) {
#ifndef FAULTLINE_TEST_POINTS
  return Fail(EINVAL, "option '{}': this build has no test points", item.text);
#endif
  if (item.value.value_or("").empty())
    return Fail(EINVAL, "option '{}': test_point is 'name=action', as 'fs.punch.*=delay:5ms'",
                item.text);
  if (!options.test_points.empty()) options.test_points += ',';
  options.test_points += *item.value;
  return {};
}

Result<> SetMutant(const Item& item, MountOptions&) {
  Result<> seeded = SeedMutant(item.value.value_or(""));
  if (seeded) return {};
  return Fail(EINVAL, "option '{}': {}", item.text, seeded.error().message());
}

// What a plain FUSE server does: no mask, no invalidation. To show that the races find it.
Result<> SetPageKiller(const Item& item, MountOptions&) {
  const std::string_view value = item.value.value_or("");
  if (value != "publish" && value != "naive")
    return Fail(EINVAL, "option '{}': page_killer is 'publish' or 'naive'", item.text);
  if (value == "publish") return {};
  if (SeedMutant("no_invalidation")) return {};
  return Fail(EINVAL, "option '{}': only builds with test points can be naive", item.text);
}

Result<> SetReadOnly(const Item& item, MountOptions& options) {
  options.read_only = item.name == "ro";
  return {};
}

struct OwnOption {
  std::string_view name;
  bool takes_value;
  Result<> (*apply)(const Item&, MountOptions&);
};
constexpr std::array kOwn = {OwnOption{"write_cache", true, SetWriteCache},
                             OwnOption{"commit", true, SetCommit},
                             OwnOption{"readahead", true, SetReadaheadOption},
                             OwnOption{"hang_timeout", true, SetHangTimeout},
                             OwnOption{"on_hang", true, SetOnHang},
                             OwnOption{"lock_statistics", false, SetLockStatistics},
                             OwnOption{"lock_validator", true, SetLockValidator},
                             OwnOption{"test_point", true, AddTestPoint},
                             OwnOption{"mutant", true, SetMutant},
                             OwnOption{"page_killer", true, SetPageKiller},
                             OwnOption{"ro", false, SetReadOnly},
                             OwnOption{"rw", false, SetReadOnly}};

Result<> Apply(const Item& item, bool sloppy, MountOptions& options) {
  for (const OwnOption& own : kOwn) {
    if (own.name != item.name) continue;
    if (item.value && !own.takes_value)
      return Fail(EINVAL, "option '{}': {} takes no value", item.text, own.name);
    return own.apply(item, options);
  }
  if ((!item.value && Contains(kKernelFlags, item.name)) ||
      (item.value && Contains(kKernelValues, item.name))) {
    options.kernel.emplace_back(item.text);
    return {};
  }
  if ((sloppy && item.name != "remount") || Contains(kIgnored, item.name) ||
      item.name.starts_with("x-") || item.name.starts_with("X-"))
    return {};
  if (item.name == "remount")
    return Fail(EINVAL, "option 'remount': options change only by unmounting and mounting again");
  return Fail(EINVAL, "unknown option '{}'", item.text);
}

}  // namespace

Result<> ParseMountOptions(std::string_view list, bool sloppy, MountOptions& options) {
  for (std::string_view text : Split(list)) FL_TRY(Apply(ParseItem(text), sloppy, options));
  return {};
}

}  // namespace faultline::fuse
