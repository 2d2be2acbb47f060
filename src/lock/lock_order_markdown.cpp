// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <bit>

#include "lock/hierarchy.h"
#include "lock/lock_order_doc.h"

namespace faultline::lock {
namespace {

constexpr ClassMask kKernelClasses = hierarchy_words::kKernel;

constexpr std::string_view kIntroduction = R"(<!-- Made from src/lock/hierarchy.h; do not edit. -->
# Lock order

Outermost first. A lock is taken only while nothing but the classes in its column *may be held* is
held; what is done under it is limited like a lock as well. The validator checks both at each
acquisition, before it can block. Kernel locks are part of the order: a request arrives with what its
requester holds, and a notification, or a call on our own mount, takes what the kernel takes for it.
So an inversion through the kernel is a violation like any other.

![Lock order](lock-order.svg)

)";

std::string ListClasses(ClassMask mask) {
  std::string text;
  auto add = [&](std::string_view name) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  };
  if ((mask & kKernelClasses) == kKernelClasses) {
    add("*every kernel lock*");
    mask &= ~kKernelClasses;
  }
  for (const HierarchyRow& row : kHierarchy)
    if ((mask & MaskOf(row.lock_class)) != 0) add(row.name);
  return text.empty() ? "nothing" : text;
}

std::string ListActions(ActionMask mask) {
  if (std::popcount(mask) == static_cast<int>(kActionCount)) return "anything";
  std::string text;
  for (size_t i = 0; i < kActionCount; ++i)
    if ((mask & (ActionMask{1} << i)) != 0)
      text += fmt::format("{}{}", text.empty() ? "" : ", ", Name(static_cast<Action>(i)));
  return text.empty() ? "nothing" : text;
}

std::string TableLine(size_t number, const HierarchyRow& row) {
  return fmt::format("| {} | {}{} | {} | {} | {} |\n", number, row.name,
                     row.is_kernel ? " (kernel)" : "", ListClasses(row.held_before),
                     Name(row.same_class), ListActions(row.may_do));
}

std::string Paragraph(const HierarchyRow& row) {
  return fmt::format("**{}** guards {}. {}\n\n", row.name, row.guards, row.why);
}

}  // namespace

std::string LockOrderMarkdown() {
  std::string text(kIntroduction);
  text += "| # | class | may be held | several at once | may be done under it |\n";
  text += "|--:|---|---|---|---|\n";
  for (size_t i = 0; i < kHierarchy.size(); ++i) text += TableLine(i + 1, kHierarchy[i]);
  text += "\n## What each one guards, and why it sits there\n\n";
  for (const HierarchyRow& row : kHierarchy) text += Paragraph(row);
  text.pop_back();
  return text;
}

}  // namespace faultline::lock
