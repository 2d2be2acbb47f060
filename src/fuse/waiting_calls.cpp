// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/waiting_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>

#include "fuse/call.h"

namespace faultline::fuse {

bool WaitingCalls::Add(const std::shared_ptr<Call>& call) {
  const uint64_t unique = call->Message().Unique();
  bool interrupted = false;
  {
    lock::MutexLock lock(mu_);
    interrupted = std::erase(early_, unique) != 0;
    if (!interrupted) calls_.emplace(unique, call);
  }
  if (!interrupted || !IsBeingKilled(call->Message().Header().pid)) return true;
  return !call->Reply().Interrupt();
}

void WaitingCalls::Remove(const Call& call) {
  lock::MutexLock lock(mu_);
  calls_.erase(call.Message().Unique());
}

void WaitingCalls::Interrupt(uint64_t unique) {
  std::shared_ptr<Call> call;
  {
    lock::MutexLock lock(mu_);
    const auto found = calls_.find(unique);
    if (found != calls_.end()) {
      call = found->second.lock();
    } else {
      early_.push_back(unique);
      if (early_.size() > kMostEarly) early_.pop_front();
    }
  }
  if (call && IsBeingKilled(call->Message().Header().pid)) call->Reply().Interrupt();
}

bool IsBeingKilled(uint32_t thread_id) {
  std::ifstream status(fmt::format("/proc/{}/status", thread_id));
  if (!status) return true;
  constexpr uint64_t kKill = uint64_t{1} << (SIGKILL - 1);
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("SigPnd:") && !line.starts_with("ShdPnd:")) continue;
    if ((std::stoull(line.substr(7), nullptr, 16) & kKill) != 0) return true;
  }
  return false;
}

}  // namespace faultline::fuse
