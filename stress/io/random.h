// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace faultline::stress {

/// splitmix64: small, seedable, the same on every machine (std distributions are not).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t x = (state_ += 0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  /// In [0, bound); bound > 0.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  /// In [low, high).
  uint64_t Between(uint64_t low, uint64_t high) { return low + Below(high - low); }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

  /// An independent generator, for a thread or a round.
  static Random Derive(uint64_t seed, uint64_t stream) {
    Random mixed(seed ^ (stream * 0xd1342543de82ef95));
    return Random(mixed.Next());
  }

 private:
  uint64_t state_;
};

}  // namespace faultline::stress
