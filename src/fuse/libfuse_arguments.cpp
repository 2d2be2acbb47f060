// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/libfuse_arguments.h"

#include <unistd.h>

#include <algorithm>
#include <new>

#include "fuse/session.h"

namespace faultline::fuse {
namespace {

// libfuse splits at commas.
std::string Escape(const std::string& option) {
  std::string escaped;
  for (char c : option) {
    if (c == ',' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

bool Has(const SessionOptions& options, const char* name) {
  const auto& list = options.mount_options;
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

LibfuseArguments::LibfuseArguments(const SessionOptions& options) {
  fuse_opt_add_arg(&args_, "mount.faultline");
  AddOption("fsname=" + options.source);
  AddOption("subtype=faultline");
  AddOption("default_permissions");
  if (geteuid() == 0) {
    // As root mounts any file system; libfuse would say nosuid and nodev.
    AddOption("allow_other");
    if (!Has(options, "nosuid")) AddOption("suid");
    if (!Has(options, "nodev")) AddOption("dev");
  }
  for (const std::string& option : options.mount_options) AddOption(option);
}

void LibfuseArguments::AddOption(const std::string& option) {
  if (fuse_opt_add_arg(&args_, ("-o" + Escape(option)).c_str()) != 0) throw std::bad_alloc();
}

}  // namespace faultline::fuse
