// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Named places where a test makes a race or a crash happen. A name says layer, operation and
/// moment: FL_TEST_POINT("fs.punch.published"). Compiled out unless FAULTLINE_TEST_POINTS; one
/// relaxed load while nothing is armed. (The idea: failpoints of FreeBSD, sync points of RocksDB.)
namespace faultline::test_point {

using Callback = std::function<void()>;

/// What a hit does. Made by the factories, refined by the chained conditions.
struct Action {
  enum class Kind { kDelay, kBlock, kCall, kCrash };

  static Action Delay(std::chrono::microseconds time);
  /// Holds whoever hits until Release of the same name.
  static Action Block();
  static Action Call(Callback callback);
  /// _exit(code): nothing is flushed, as after kill -9.
  static Action Crash(int code = 42);

  /// Only the first hit from here on acts; with AtHit(3) only the third.
  Action& Once() { return AtHit(1); }
  Action& AtHit(uint64_t n);
  Action& Every(uint64_t n);
  /// Acts with this probability, drawn from a generator seeded with `seed`.
  Action& WithProbability(double p, uint64_t seed);

  Kind kind = Kind::kDelay;
  std::chrono::microseconds delay{0};
  Callback callback;
  int exit_code = 42;
  uint64_t at_hit = 0;  // 0: every hit
  uint64_t every = 1;
  double probability = 1.0;
  uint64_t seed = 0;
};

/// Arms a name, or with a '*' at the end every name that begins so. Replaces what was armed under
/// the same text; hits are counted from here. Several patterns may match one point: all act.
void Arm(std::string_view name, Action action);

/// Arms from text, for a daemon option: "a=delay:500us,b=crash@3,c*=block,d=delay:1ms%10".
/// @N: at the N-th hit; /N: every N-th; %P: in P percent (seed:S before the list seeds it).
/// EINVAL names the item it cannot read; then nothing is armed.
Result<> ArmFromText(std::string_view text);

/// Lets everybody go who is held there and disarms the name.
void Release(std::string_view name);

/// Disarms everything, lets everybody go, forgets counts. For the end of a test.
void Reset();

/// True once `name` was hit `n` times since it was armed; false when `timeout` passes before.
[[nodiscard]] bool WaitUntilHit(std::string_view name, uint64_t n = 1,
                                std::chrono::nanoseconds timeout = std::chrono::seconds(10));
uint64_t Hits(std::string_view name);

/// Every name this process has come past, sorted.
std::vector<std::string> KnownPoints();

/// Called at every point, armed or not, after its actions: how a deterministic scheduler gets its
/// preemption points. nullptr takes it away.
using YieldHook = void (*)(const char* name);
void SetYieldHook(YieldHook hook);

/// Arms everything in its constructor, resets in its destructor.
class ScopedArm {
 public:
  ScopedArm(std::string_view name, Action action) : name_(name) { Arm(name_, std::move(action)); }
  ~ScopedArm() { Release(name_); }
  ScopedArm(const ScopedArm&) = delete;
  ScopedArm& operator=(const ScopedArm&) = delete;

 private:
  std::string name_;
};

namespace internal {

extern std::atomic<bool> g_active;  // something is armed, or a yield hook is set
void Register(const char* name);
void Hit(const char* name);

struct Point {
  explicit Point(const char* n) : name(n) { Register(n); }
  void Pass() const {
    if (g_active.load(std::memory_order_relaxed)) [[unlikely]]
      Hit(name);
  }
  const char* name;
};

}  // namespace internal
}  // namespace faultline::test_point

#ifdef FAULTLINE_TEST_POINTS
#define FL_TEST_POINT(name)                                               \
  do {                                                                    \
    static const ::faultline::test_point::internal::Point fl_point(name); \
    fl_point.Pass();                                                      \
  } while (false)
#else
#define FL_TEST_POINT(name) \
  do {                      \
  } while (false)
#endif
