// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace faultline::test {

// A new seed for every run, printed; FAULTLINE_TEST_SEED=N repeats a run.
inline uint64_t RandomSeed() {
  const char* given = std::getenv("FAULTLINE_TEST_SEED");
  std::random_device device;
  const uint64_t seed = given ? std::strtoull(given, nullptr, 0) : device();
  std::printf("seed: FAULTLINE_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

}  // namespace faultline::test
