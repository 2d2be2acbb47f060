// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/control/locks_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/control/status_table.h"

namespace faultline::control {
namespace {

using Json = nlohmann::json;

std::string Text(const Json& json, const char* key) { return json.value(key, std::string("?")); }

const Json& List(const Json& json, const char* key) {
  static const Json none = Json::array();
  const auto found = json.find(key);
  return found != json.end() && found->is_array() ? *found : none;
}

std::string Indented(const std::string& text) {
  std::string result;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    result += "      " + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return result;
}

std::string Lock(const Json& lock) {
  std::string text =
      fmt::format("{} #{}", Text(lock, "class"), lock.value("instance", uint64_t{0}));
  const Json& bytes = List(lock, "bytes");
  if (bytes.size() == 2)
    text += fmt::format(" [{}, {}]", bytes[0].get<uint64_t>(), bytes[1].get<uint64_t>());
  return text;
}

std::string Holder(const Json& lock) {
  std::string text = fmt::format("    holds {}, {}", Lock(lock), Text(lock, "mode"));
  if (lock.value("in_kernel", false)) text += ", in the kernel";
  if (lock.contains("seconds")) text += ", " + FormatDuration(lock.value("seconds", 0.0));
  return text + fmt::format("  ({})\n", Text(lock, "where"));
}

std::string Context(const Json& context, const std::string& title) {
  std::string text = fmt::format("  {}, {}", title, Text(context, "state"));
  if (context.contains("parked")) text += ": " + Text(context, "parked");
  text += "\n";
  for (const Json& lock : List(context, "holds")) text += Holder(lock);
  const auto waits = context.find("waits_for");
  if (waits == context.end()) return text;
  text += fmt::format("    waits for {} since {}  ({})\n", Lock(*waits),
                      FormatDuration(waits->value("seconds", 0.0)), Text(*waits, "where"));
  return text + Indented(waits->value("chain", std::string()));
}

std::string Request(const Json& request) {
  return Context(
      request, fmt::format("{} {} of process {}, {}", Text(request, "name"),
                           request.value("unique", uint64_t{0}), request.value("pid", uint64_t{0}),
                           FormatDuration(request.value("seconds", 0.0))));
}

std::string HoldTimes(const Json& times) {
  if (times.empty()) return {};
  std::string text = fmt::format(
      "\nHow long locks are held, microseconds:\n  {:<22} {:>10} {:>9} {:>9} {:>9} {:>9}\n", "",
      "count", "median", "99 %", "99.9 %", "longest");
  for (const Json& c : times) {
    const auto us = [&](const char* key) { return c.value(key, 0.0) / 1000; };
    text += fmt::format("  {:<22} {:>10} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f}\n", Text(c, "class"),
                        c.value("count", uint64_t{0}), us("p50_ns"), us("p99_ns"), us("p999_ns"),
                        us("max_ns"));
  }
  return text;
}

std::string EdgeSummary(const Json& edges) {
  const auto count = [&](bool declared, bool observed) {
    return std::count_if(edges.begin(), edges.end(), [&](const Json& edge) {
      return edge.value("declared", false) == declared && edge.value("observed", false) == observed;
    });
  };
  const auto seen = count(true, true);
  return fmt::format("Order: {} of {} declared edges were seen, {} that are not declared\n", seen,
                     seen + count(true, false), count(false, true));
}

}  // namespace

std::string FormatLocks(const Json& locks) {
  const std::string mode = Text(locks, "validator");
  std::string text =
      fmt::format("Validator: {}, {} violations\n", mode, locks.value("violations", uint64_t{0}));
  if (mode == "off")
    text += "Without it (-o lock_validator) only waiters are known, not holders.\n";
  text += EdgeSummary(List(locks, "edges"));
  const Json& requests = List(locks, "requests");
  text += fmt::format("\n{} requests\n", requests.size());
  for (const Json& request : requests) text += Request(request);
  const Json& threads = List(locks, "threads");
  if (!threads.empty())
    text += fmt::format("\n{} threads with locks of their own\n", threads.size());
  for (const Json& thread : threads)
    text +=
        Context(thread, fmt::format("{} ({})", Text(thread, "name"), thread.value("thread", 0)));
  text += HoldTimes(List(locks, "hold_times"));
  const std::string last = locks.value("last_violation", std::string());
  if (!last.empty()) text += "\nThe last violation:\n" + Indented(last);
  return text;
}

std::string FormatLockGraph(const Json& locks) {
  std::string text =
      "digraph locks {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  for (const Json& edge : List(locks, "edges")) {
    const bool declared = edge.value("declared", false), observed = edge.value("observed", false);
    const char* style = !declared  ? "color=red, penwidth=2"
                        : observed ? "color=black"
                                   : "style=dotted, color=gray";
    text +=
        fmt::format("  \"{}\" -> \"{}\" [{}];\n", Text(edge, "held"), Text(edge, "wanted"), style);
  }
  return text + "}\n";
}

}  // namespace faultline::control
