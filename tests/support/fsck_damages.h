// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "support/sound_store.h"

namespace faultline::test {

// One way to damage a sound store, and what has to come of it.
struct Damage {
  std::string code;  // what has to be found
  std::function<void(SoundStore&)> inflict;
  std::function<void(SoundStore&)> expect = [](SoundStore&) {};  // after the repair
  bool harmless = false;
};

void PrintTo(const Damage& damage, std::ostream* out);

// Every kind of damage that fsck knows by name, at least once.
std::vector<Damage> AllDamages();

}  // namespace faultline::test
