// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "lock/grace_period.h"
#include "lock/held_locks.h"

namespace faultline::test {

// A READ of somebody else that has not replied yet: holds a read section until End().
class OtherReader {
 public:
  explicit OtherReader(lock::GracePeriod& readers) {
    lock::RequestScope scope(request_);
    section_.emplace(readers);
  }
  ~OtherReader() { End(); }
  OtherReader(const OtherReader&) = delete;
  OtherReader& operator=(const OtherReader&) = delete;

  void End() { section_.reset(); }

 private:
  lock::RequestContext request_{1, 15, 0, "READ"};
  std::optional<lock::GracePeriod::ReadSection> section_;
};

}  // namespace faultline::test
