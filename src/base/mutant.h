// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <span>
#include <string_view>

#include "base/result.h"

/// Bugs that are seeded by name, one at a time, to find out what would notice them: mistakes in
/// locking and coherence that somebody really makes. mutants.inc describes them. Code that has one
/// asks Mutated(Mutant::kName); without FAULTLINE_TEST_POINTS that is the constant false, and
/// nothing of it is left in the program.
namespace faultline {

enum class Mutant : uint8_t {
  kNone,
#define FL_MUTANT(enumerator, name, text) enumerator,
#include "base/mutants.inc"
#undef FL_MUTANT
};

struct MutantInfo {
  Mutant mutant;
  std::string_view name;
  std::string_view text;
};
std::span<const MutantInfo> Mutants();

/// From now on the process has this bug and no other; "none" takes it away. EINVAL: there is no
/// such mutant. ENOTSUP: this build has none. Any thread; best before there are others.
Result<> SeedMutant(std::string_view name);

namespace internal {
extern constinit std::atomic<Mutant> g_mutant;
}

#ifdef FAULTLINE_TEST_POINTS
inline bool Mutated(Mutant mutant) {
  return internal::g_mutant.load(std::memory_order_relaxed) == mutant;
}
#else
constexpr bool Mutated(Mutant) { return false; }
#endif

}  // namespace faultline
