// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/result_json.h"

#include <algorithm>
#include <string_view>

namespace faultline::stress {
namespace {

using Json = nlohmann::json;

constexpr int kOutcomes = static_cast<int>(Outcome::kError) + 1;
constexpr std::string_view kKinds[] = {"reads", "writes", "zeroes"};

Outcome OutcomeNamed(const std::string& name) {
  for (int i = 0; i < kOutcomes; ++i)
    if (name == Name(static_cast<Outcome>(i))) return static_cast<Outcome>(i);
  return Outcome::kError;
}

Json EventsToJson(const std::vector<TimelineEvent>& events) {
  Json array = Json::array();
  for (const TimelineEvent& event : events) {
    array.push_back({{"begin_ns", event.begin},
                     {"end_ns", event.end},
                     {"thread", event.thread},
                     {"kind", kKinds[static_cast<size_t>(event.kind)]},
                     {"call", event.call},
                     {"value", event.value},
                     {"guilty", event.guilty}});
  }
  return array;
}

std::vector<TimelineEvent> EventsFromJson(const Json& array) {
  std::vector<TimelineEvent> events;
  for (const Json& event : array) {
    auto kind = std::find(std::begin(kKinds), std::end(kKinds), event.at("kind")) - kKinds;
    events.push_back({event.at("begin_ns"), event.at("end_ns"), event.at("thread"),
                      static_cast<TimelineEvent::Kind>(kind), event.at("call"), event.at("value"),
                      event.at("guilty")});
  }
  return events;
}

Json ToJson(const CallLatency& latency) {
  return {{"call", latency.call},
          {"count", latency.count},
          {"total_ns", latency.total},
          {"log2_ns", latency.buckets}};
}

Json ToJson(const ViolationLog& log) {
  Json counts = Json::object(), kept = Json::array();
  for (const auto& [verdict, count] : log.counts()) counts[Name(verdict)] = count;
  for (const Violation& violation : log.kept()) {
    kept.push_back({{"verdict", Name(violation.verdict)},
                    {"where", violation.where},
                    {"what", violation.what},
                    {"timeline", violation.timeline},
                    {"events", EventsToJson(violation.events)}});
  }
  return {{"counts", counts}, {"examples", kept}};
}

ViolationLog LogFromJson(const Json& json) {
  std::map<Verdict, uint64_t> counts;
  std::vector<Violation> kept;
  for (const auto& [name, count] : json.at("counts").items())
    counts[VerdictNamed(name).value()] = count;
  for (const Json& violation : json.at("examples")) {
    kept.push_back({VerdictNamed(violation.at("verdict")).value(), violation.at("where"),
                    violation.at("what"), violation.at("timeline"),
                    EventsFromJson(violation.at("events"))});
  }
  return ViolationLog(std::move(counts), std::move(kept));
}

Json LatenciesToJson(const std::vector<CallLatency>& latencies) {
  Json array = Json::array();
  for (const CallLatency& latency : latencies) array.push_back(ToJson(latency));
  return array;
}

template <class Second>
Json PairsToJson(const std::vector<std::pair<std::string, Second>>& pairs) {
  Json array = Json::array();
  for (const auto& [first, second] : pairs) array.push_back({first, second});
  return array;
}

}  // namespace

Json ToJson(const ScenarioResult& result) {
  return {{"scenario", result.scenario},
          {"outcome", Name(result.outcome)},
          {"reason", result.reason},
          {"seconds", result.seconds},
          {"counters", PairsToJson(result.counters)},
          {"left_out", PairsToJson(result.left_out)},
          {"latencies", LatenciesToJson(result.latencies)},
          {"violations", ToJson(result.violations)}};
}

ScenarioResult ResultFromJson(const Json& json) {
  ScenarioResult result;
  result.scenario = json.at("scenario");
  result.outcome = OutcomeNamed(json.at("outcome"));
  result.reason = json.at("reason");
  result.seconds = json.at("seconds");
  for (const Json& pair : json.at("counters")) result.counters.emplace_back(pair[0], pair[1]);
  for (const Json& pair : json.at("left_out")) result.left_out.emplace_back(pair[0], pair[1]);
  for (const Json& latency : json.at("latencies")) {
    result.latencies.push_back(
        {latency.at("call"), latency.at("count"), latency.at("total_ns"), latency.at("log2_ns")});
  }
  result.violations = LogFromJson(json.at("violations"));
  return result;
}

}  // namespace faultline::stress
