// SPDX-License-Identifier: GPL-2.0-or-later
#include "lock/violation_report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "base/check.h"
#include "base/log.h"
#include "lock/observations.h"
#include "lock/violation_log.h"

namespace faultline::lock {
namespace {

std::string DescribeId(const LockId& id) {
  std::string text = fmt::format("'{}'", Name(id.lock_class));
  if (id.instance != 0) text += fmt::format(" #{}", id.instance);
  if (id.last != 0) text += fmt::format(" [{}, {}]", id.first, id.last);
  return text;
}

std::string_view DescribeMode(Mode mode) { return mode == Mode::kShared ? "shared" : "exclusive"; }

std::string DescribeHeld(const HeldLock& held) {
  if (held.in_kernel)
    return fmt::format("{} in the kernel, declared at {}", DescribeId(held.id),
                       FormatPlace(held.where));
  return fmt::format("{} {}, taken at {}", DescribeId(held.id), DescribeMode(held.mode),
                     FormatPlace(held.where));
}

std::string DescribeContext(const LockContext& context) {
  if (context.kind() == LockContext::Kind::kThread)
    return fmt::format("thread '{}'", context.name());
  const auto& request = static_cast<const RequestContext&>(context);
  std::string text = fmt::format("request {} {} (opcode {}, pid {})", request.unique(),
                                 request.name(), request.opcode(), request.pid());
  const LockContext* outer = &context;
  while (outer->outer() != nullptr) outer = outer->outer();
  if (outer != &context) text += fmt::format(" in thread '{}'", outer->name());
  return text;
}

std::string DescribeWanted(const Violation& v) {
  std::string via = v.call.empty() ? "" : fmt::format(" by {}", v.call);
  if (v.is_action) return fmt::format("{}{}, at {}", Name(v.action), via, FormatPlace(v.where));
  return fmt::format("{} {}{}, at {}", DescribeId(v.wanted), DescribeMode(v.wanted_mode), via,
                     FormatPlace(v.where));
}

std::string ListClasses(ClassMask mask) {
  std::string text;
  for (const HierarchyRow& row : kHierarchy)
    if ((mask & MaskOf(row.lock_class)) != 0)
      text += fmt::format("{}{}", text.empty() ? "" : ", ", row.name);
  return text.empty() ? "nothing" : text;
}

std::string ListActions(ActionMask mask) {
  std::string text;
  for (size_t i = 0; i < kActionCount; ++i)
    if ((mask & (ActionMask{1} << i)) != 0)
      text += fmt::format("{}{}", text.empty() ? "" : ", ", Name(static_cast<Action>(i)));
  return text.empty() ? "nothing" : text;
}

/// The sentence that the table says about it.
std::string DescribeRule(const Violation& v) {
  switch (v.rule) {
    case Rule::kOrder:
      return fmt::format("'{}' may be taken under: {}", Name(v.wanted.lock_class),
                         ListClasses(Row(v.wanted.lock_class).held_before));
    case Rule::kSameClass:
      return fmt::format("locks of class '{}': {}", Name(v.wanted.lock_class),
                         Name(Row(v.wanted.lock_class).same_class));
    case Rule::kRecursion:
      return "a lock is taken once; a waiting writer makes even a second shared one hang";
    case Rule::kUpgrade:
      return "a shared lock is let go before it is taken exclusively: two that upgrade wait for "
             "each other";
    case Rule::kForbidden:
      return fmt::format("under '{}' one may do: {}", Name(v.offender.id.lock_class),
                         ListActions(Row(v.offender.id.lock_class).may_do));
    case Rule::kWorkerWaits:
      return "a worker thread never waits for what a further request has to bring";
    case Rule::kNotHeld: return "this code runs only with the lock held";
    case Rule::kTooMany:
      return fmt::format("a context holds at most {} locks", HeldLocks::kCapacity);
    case Rule::kStillHeld: return "a request, or a thread, ends with nothing held";
  }
  return "?";
}

/// Where somebody took the two classes the other way round: the other half of the deadlock.
std::string DescribeOpposite(const Violation& v) {
  if (v.rule != Rule::kOrder) return {};
  LockClass outer = v.wanted.lock_class;
  LockClass inner = v.offender.id.lock_class;
  const auto& observations = internal::Observations::Get();
  if (!observations.Seen(outer, inner)) return "  opposite  not seen so far\n";
  const auto& edge = observations.Edge(outer, inner);
  return fmt::format("  opposite  first seen with '{}' taken at {}, then '{}' at {}\n", Name(outer),
                     FormatPlace(edge.held.Load()), Name(inner), FormatPlace(edge.wanted.Load()));
}

std::string DescribeAllHeld(const LockContext* context) {
  std::string text;
  for (const LockContext* c = context; c != nullptr; c = c->outer())
    for (size_t i = c->held.size(); i-- > 0;)
      text += fmt::format("  holds     {}\n", DescribeHeld(c->held.At(i)));
  return text.empty() ? "  holds     nothing\n" : text;
}

}  // namespace

std::string_view Name(Rule rule) {
  switch (rule) {
    case Rule::kOrder: return "lock order";
    case Rule::kSameClass: return "second lock of a class";
    case Rule::kRecursion: return "recursion";
    case Rule::kUpgrade: return "upgrade";
    case Rule::kForbidden: return "forbidden action";
    case Rule::kWorkerWaits: return "worker waits";
    case Rule::kNotHeld: return "lock not held";
    case Rule::kTooMany: return "too many locks";
    case Rule::kStillHeld: return "lock still held";
  }
  return "?";
}

std::string FormatPlace(Place where) { return fmt::format("{}:{}", where.file, where.line); }

std::string FormatViolation(const Violation& v) {
  std::string text = fmt::format("lock violation: {}\n", Name(v.rule));
  if (v.rule != Rule::kStillHeld) text += fmt::format("  wanted    {}\n", DescribeWanted(v));
  if (v.has_offender) text += fmt::format("  against   {}\n", DescribeHeld(v.offender));
  text += fmt::format("  rule      {}\n", DescribeRule(v));
  text += DescribeOpposite(v);
  if (v.context == nullptr) return text;
  return text + fmt::format("  by        {}\n", DescribeContext(*v.context)) +
         DescribeAllHeld(v.context);
}

void ReportViolation(const Violation& violation) {
  bool fresh = ViolationLog::Get().Count(violation);
  bool fatal = GetValidatorMode() == ValidatorMode::kAbort;
  if (!fresh && !fatal) return;
  std::string report = FormatViolation(violation) + "  stack\n" + Backtrace(1);
  ViolationLog::Get().Keep(report);
  if (!fatal) return LogError("{}", report);
  // Straight to the descriptor: the logger's own lock may be part of the trouble.
  static_cast<void>(!::write(STDERR_FILENO, report.data(), report.size()));
  std::abort();
}

}  // namespace faultline::lock
