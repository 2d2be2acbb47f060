// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/result.h"

#include <system_error>

namespace faultline {

std::string Error::ToString() const {
  std::string text = std::generic_category().message(code_);
  return message_.empty() ? text : message_ + ": " + text;
}

}  // namespace faultline
