// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "lab/matrix/result.h"

namespace faultline::lab {

enum class TableStyle : uint8_t { kText, kMarkdown };

// Tables by family: a row for each race, a column for each design. A cell that is not as
// expected is marked with '!'.
std::string FormatMatrix(const std::vector<CellResult>& results, TableStyle style);
// "356 cells, 356 as expected, ..."
std::string FormatTotals(const std::vector<CellResult>& results);
std::string FormatLine(const CellResult& result);
// The table of what is expected, as if a run had found it.
std::vector<CellResult> ExpectedResults();

}  // namespace faultline::lab
