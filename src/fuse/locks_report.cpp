// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuse/locks_report.h"

#include <nlohmann/json.hpp>

namespace faultline::fuse {
namespace {

using Json = nlohmann::ordered_json;
using lock::ContextSnapshot;
using lock::ContextState;
using lock::HolderState;
using lock::LockContext;
using lock::LockState;

double Seconds(int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

const char* Name(ContextState state) {
  switch (state) {
    case ContextState::kRunning: return "running";
    case ContextState::kWaiting: return "waiting";
    case ContextState::kParked: return "parked";
  }
  return "?";
}

const char* Name(lock::ValidatorMode mode) {
  switch (mode) {
    case lock::ValidatorMode::kOff: return "off";
    case lock::ValidatorMode::kReport: return "report";
    case lock::ValidatorMode::kAbort: return "abort";
  }
  return "?";
}

Json Holder(const HolderState& holder, int64_t now) {
  Json json = {{"class", lock::Name(holder.lock_class)},
               {"instance", holder.instance},
               {"mode", holder.mode == lock::Mode::kShared ? "shared" : "exclusive"},
               {"in_kernel", holder.in_kernel},
               {"where", holder.where}};
  if (holder.last > holder.first) json["bytes"] = {holder.first, holder.last};
  if (holder.since_ns != 0) json["seconds"] = Seconds(now - holder.since_ns);
  return json;
}

Json Context(const LockState& state, const ContextSnapshot& context) {
  Json json = {{"name", context.name}, {"state", Name(context.state)}};
  if (context.thread_id != 0) json["thread"] = context.thread_id;
  if (context.kind == LockContext::Kind::kRequest) {
    json["unique"] = context.unique;
    json["opcode"] = context.opcode;
    json["pid"] = context.pid;
    json["seconds"] = Seconds(state.now_ns - context.start_ns);
  }
  if (!context.park_reason.empty()) json["parked"] = context.park_reason;
  json["holds"] = Json::array();
  for (const HolderState& holder : context.holds)
    json["holds"].push_back(Holder(holder, state.now_ns));
  for (const lock::WaiterState& waiter : context.waits_for)
    json["waits_for"] = {{"class", lock::Name(waiter.lock_class)},
                         {"instance", waiter.instance},
                         {"where", waiter.where},
                         {"seconds", Seconds(state.now_ns - waiter.since_ns)},
                         {"chain", lock::DescribeWaitChain(state, context)}};
  return json;
}

// A thread that has nothing to do with locks right now says nothing.
bool Says(const ContextSnapshot& context) {
  return context.kind == LockContext::Kind::kRequest || !context.holds.empty() ||
         !context.waits_for.empty();
}

Json Contexts(const LockState& state, LockContext::Kind kind) {
  Json json = Json::array();
  for (const ContextSnapshot& context : state.contexts)
    if (context.kind == kind && Says(context)) json.push_back(Context(state, context));
  return json;
}

Json Edges(const LockState& state) {
  Json json = Json::array();
  for (const lock::EdgeState& edge : state.edges)
    json.push_back({{"held", lock::Name(edge.held)},
                    {"wanted", lock::Name(edge.wanted)},
                    {"declared", edge.declared},
                    {"observed", edge.observed},
                    {"held_where", edge.held_where},
                    {"wanted_where", edge.wanted_where}});
  return json;
}

Json HoldTimes(const LockState& state) {
  Json json = Json::array();
  for (const lock::ClassState& c : state.classes) {
    if (c.hold_ns.Count() == 0) continue;
    json.push_back({{"class", lock::Name(c.lock_class)},
                    {"count", c.hold_ns.Count()},
                    {"mean_ns", c.hold_ns.Mean()},
                    {"p50_ns", c.hold_ns.Percentile(50)},
                    {"p99_ns", c.hold_ns.Percentile(99)},
                    {"p999_ns", c.hold_ns.Percentile(99.9)},
                    {"max_ns", c.hold_ns.Max()}});
  }
  return json;
}

}  // namespace

std::string LocksReport(const LockState& state) {
  const Json report = {{"validator", Name(state.mode)},
                       {"violations", state.violations},
                       {"last_violation", state.last_violation},
                       {"requests", Contexts(state, LockContext::Kind::kRequest)},
                       {"threads", Contexts(state, LockContext::Kind::kThread)},
                       {"hold_times", HoldTimes(state)},
                       {"edges", Edges(state)}};
  return report.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace faultline::fuse
