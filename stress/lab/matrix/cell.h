// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lab/engine/system.h"

namespace faultline::lab {

// One design against one race.
struct Cell {
  std::string family;
  std::string design;
  std::string race;
  std::function<System()> build;

  std::string Name() const { return family + "/" + design + "/" + race; }
};

std::vector<Cell> MappingCells();
std::vector<Cell> KillerCells();
std::vector<Cell> FreezeCells();

}  // namespace faultline::lab
