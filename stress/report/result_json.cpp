// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/result_json.h"

namespace faultline::stress {
namespace {

using Json = nlohmann::json;

constexpr int kVerdicts = static_cast<int>(Verdict::kKernelWindow) + 1;
constexpr int kOutcomes = static_cast<int>(Outcome::kError) + 1;

Verdict VerdictNamed(const std::string& name) {
  for (int i = 0; i < kVerdicts; ++i)
    if (name == Name(static_cast<Verdict>(i))) return static_cast<Verdict>(i);
  return Verdict::kForeignData;
}

Outcome OutcomeNamed(const std::string& name) {
  for (int i = 0; i < kOutcomes; ++i)
    if (name == Name(static_cast<Outcome>(i))) return static_cast<Outcome>(i);
  return Outcome::kError;
}

Json ToJson(const ViolationLog& log) {
  Json counts = Json::object(), kept = Json::array();
  for (const auto& [verdict, count] : log.counts()) counts[Name(verdict)] = count;
  for (const Violation& violation : log.kept()) {
    kept.push_back({{"verdict", Name(violation.verdict)},
                    {"where", violation.where},
                    {"what", violation.what},
                    {"timeline", violation.timeline}});
  }
  return {{"counts", counts}, {"examples", kept}};
}

ViolationLog LogFromJson(const Json& json) {
  std::map<Verdict, uint64_t> counts;
  std::vector<Violation> kept;
  for (const auto& [name, count] : json.at("counts").items()) counts[VerdictNamed(name)] = count;
  for (const Json& violation : json.at("examples")) {
    kept.push_back({VerdictNamed(violation.at("verdict")), violation.at("where"),
                    violation.at("what"), violation.at("timeline")});
  }
  return ViolationLog(std::move(counts), std::move(kept));
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
  result.violations = LogFromJson(json.at("violations"));
  return result;
}

}  // namespace faultline::stress
