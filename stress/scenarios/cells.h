// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "scenarios/scenario.h"

namespace faultline::stress {

/// Windows of concurrent operations on a few files, each judged before the next begins. With
/// `keep` the files stay, synced, with a manifest for a later --verify.
ScenarioResult RunCells(const ScenarioContext& context);

}  // namespace faultline::stress
