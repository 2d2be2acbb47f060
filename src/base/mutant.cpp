// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/mutant.h"

#include <algorithm>
#include <array>
#include <cerrno>

namespace faultline {
namespace internal {
constinit std::atomic<Mutant> g_mutant{Mutant::kNone};
}

namespace {

constexpr std::array kMutants = {
#define FL_MUTANT(enumerator, name, text) MutantInfo{Mutant::enumerator, name, text},
#include "base/mutants.inc"
#undef FL_MUTANT
};

}  // namespace

std::span<const MutantInfo> Mutants() { return kMutants; }

Result<> SeedMutant(std::string_view name) {
#ifndef FAULTLINE_TEST_POINTS
  return Fail(ENOTSUP, "this build has no mutants");
#endif
  const auto* found = std::ranges::find(kMutants, name, &MutantInfo::name);
  if (found == kMutants.end() && name != "none")
    return Fail(EINVAL, "no mutant is called '{}'", name);
  internal::g_mutant = name == "none" ? Mutant::kNone : found->mutant;
  return {};
}

}  // namespace faultline
