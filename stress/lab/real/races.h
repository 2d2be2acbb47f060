// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lab/real/real_world.h"

namespace faultline::lab {

// A thread of a race: some calls, one after the other.
struct Actor {
  std::string_view name;
  std::string_view text;
  void (*run)(RealWorld&);
};
std::span<const Actor> Actors();

// Actors at the same time: "punch+page-out".
struct RealRace {
  std::string name;
  std::vector<const Actor*> actors;

  RealWorld::Shape Shape() const;
};
Result<RealRace> ParseRace(std::string_view name);
// All pairs of the calls that change or fetch pages, and chosen pairs and triples of others.
std::vector<RealRace> RealRaces();

}  // namespace faultline::lab
