// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "fuse/fuse_api.h"

namespace faultline::fuse {

struct SessionOptions;

/// The command line that fuse_session_new parses mount options from. Keep it alive for the call.
class LibfuseArguments {
 public:
  explicit LibfuseArguments(const SessionOptions& options);
  ~LibfuseArguments() { fuse_opt_free_args(&args_); }
  LibfuseArguments(const LibfuseArguments&) = delete;
  LibfuseArguments& operator=(const LibfuseArguments&) = delete;

  fuse_args* Get() { return &args_; }

 private:
  void AddOption(const std::string& option);

  fuse_args args_ = FUSE_ARGS_INIT(0, nullptr);
};

}  // namespace faultline::fuse
