// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace faultline {

/// A positive errno and, where it helps somebody, a sentence that names what failed.
/// Only `fuse/reply` turns it into what the kernel sees.
class [[nodiscard]] Error {
 public:
  explicit Error(int code, std::string message = {}) : code_(code), message_(std::move(message)) {}

  int code() const { return code_; }
  const std::string& message() const { return message_; }

  /// "message: No space left on device", or the errno text alone.
  std::string ToString() const;

  /// Errors are equal when their errno is: the message is for people.
  friend bool operator==(const Error& a, const Error& b) { return a.code_ == b.code_; }

 private:
  int code_;
  std::string message_;
};

/// What every function that can fail returns. Result<> is one without a value.
template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> Fail(int code) { return tl::unexpected<Error>(Error(code)); }

/// `return Fail(EIO, "inode {}: wrong checksum", ino);`
template <class... Args>
tl::unexpected<Error> Fail(int code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error(code, fmt::format(format, std::forward<Args>(args)...)));
}

}  // namespace faultline

#define FL_RESULT_JOIN_(a, b) a##b
#define FL_RESULT_NAME_(a, b) FL_RESULT_JOIN_(a, b)

/// Returns the error of `expr` (any Result, its value dropped) from this function.
#define FL_TRY(expr)                                                                 \
  do {                                                                               \
    auto fl_try_result = (expr);                                                     \
    if (!fl_try_result) [[unlikely]]                                                 \
      return ::tl::unexpected<::faultline::Error>(std::move(fl_try_result).error()); \
  } while (false)

/// `FL_ASSIGN_OR_RETURN(auto inode, table.Find(id));`
#define FL_ASSIGN_OR_RETURN(declaration, expr) \
  FL_ASSIGN_OR_RETURN_(FL_RESULT_NAME_(fl_result_, __LINE__), declaration, expr)
#define FL_ASSIGN_OR_RETURN_(result, declaration, expr)                     \
  auto result = (expr);                                                     \
  if (!result) [[unlikely]]                                                 \
    return ::tl::unexpected<::faultline::Error>(std::move(result).error()); \
  declaration = *std::move(result)
