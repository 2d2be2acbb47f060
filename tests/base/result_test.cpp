// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "base/check.h"

namespace faultline {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(EINVAL, "{} is odd", n);
  return n / 2;
}

Result<int> Quarter(int n) {
  FL_ASSIGN_OR_RETURN(int half, Half(n));
  return Half(half);
}

Result<> CheckEven(int n) {
  FL_TRY(Half(n));
  return {};
}

TEST(Result, AssignOrReturnPassesValuesAndErrors) {
  EXPECT_EQ(Quarter(8).value(), 2);
  ASSERT_FALSE(Quarter(6).has_value());
  EXPECT_EQ(Quarter(6).error().code(), EINVAL);
  EXPECT_EQ(Quarter(6).error().message(), "3 is odd");
}

TEST(Result, TryPassesErrorsAndDropsValues) {
  EXPECT_TRUE(CheckEven(4).has_value());
  EXPECT_EQ(CheckEven(5).error().code(), EINVAL);
}

TEST(Result, AssignOrReturnMovesTheValue) {
  auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  auto use = [&]() -> Result<int> {
    FL_ASSIGN_OR_RETURN(auto p, make());
    return *p;
  };
  EXPECT_EQ(use().value(), 7);
}

TEST(Error, TextIsMessageAndErrno) {
  EXPECT_EQ(Error(ENOSPC).ToString(), "No space left on device");
  EXPECT_EQ(Error(ENOSPC, "volume").ToString(), "volume: No space left on device");
}

TEST(Error, IsEqualWhenItsErrnoIs) { EXPECT_EQ(Error(EIO, "a"), Error(EIO, "b")); }

TEST(CheckDeathTest, NamesConditionMessageAndPlace) {
  int n = 3;
  EXPECT_DEATH(FL_CHECK(n == 4, "n is {}", n), "result_test.cpp:.*n == 4: n is 3");
  FL_CHECK(n == 3);
}

}  // namespace
}  // namespace faultline
