// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/workload.h"

#include <algorithm>
#include <vector>

namespace faultline::bench {

std::span<const Workload> Workloads() {
  static const std::vector<Workload> all = [] {
    std::vector<Workload> list;
    for (auto part : {DataWorkloads(), MappedWorkloads(), MetadataWorkloads()})
      list.insert(list.end(), part.begin(), part.end());
    return list;
  }();
  return all;
}

const Workload* FindWorkload(std::string_view name) {
  const auto all = Workloads();
  const auto it =
      std::find_if(all.begin(), all.end(), [name](const Workload& w) { return w.name == name; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace faultline::bench
