// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

/// The two documents that are made from kHierarchy. tests/lock fails when docs/lock-order.md or
/// docs/lock-order.svg differ from these, and writes them with FAULTLINE_UPDATE_DOCS=1.
namespace faultline::lock {

/// The table, and a paragraph for each class that ends in why it sits there.
std::string LockOrderMarkdown();

/// A row for each class, outermost at the top: what may be done under it, and a triangle of which
/// classes may be held when it is taken.
std::string LockOrderSvg();

}  // namespace faultline::lock
