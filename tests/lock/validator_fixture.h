// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>

#include "lock/lock_state.h"
#include "lock/validator.h"

namespace faultline::lock {

/// Violations are counted here, not fatal; the log keeps quiet.
class ValidatorTest : public testing::Test {
 protected:
  ValidatorTest() : mode_(GetValidatorMode()) {
    ResetLockState();
    SetValidatorMode(ValidatorMode::kReport);
    testing::internal::CaptureStderr();
  }
  ~ValidatorTest() override {
    SetValidatorMode(mode_);
    ResetLockState();
    testing::internal::GetCapturedStderr();
  }

  /// The last report without its stack, which depends on the compiler.
  static std::string LastReport() {
    std::string report = CaptureLockState().last_violation;
    return report.substr(0, report.find("  stack\n"));
  }

 private:
  const ValidatorMode mode_;
};

}  // namespace faultline::lock
