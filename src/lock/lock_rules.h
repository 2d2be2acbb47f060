// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The vocabulary that a row of the hierarchy is written in.
namespace faultline::lock {

/// May a thread hold several locks of one class?
enum class SameClass : uint8_t {
  kNever,
  kAscendingInstance,  // in ascending order of (instance, range), never the same one twice
  kShared,             // any number, as long as all of them are shared
};

/// What is checked like a lock although it is none: the thread flag that the kernel lacks for
/// "no I/O under the mapping lock".
enum class Action : uint8_t {
  kVolumeIo,        // read or write the volume, or any other file
  kDatabase,        // call RocksDB; it may stall
  kAllocate,        // allocate memory without bound
  kWait,            // sleep for an event that needs no request (a condition variable)
  kWaitForRequest,  // sleep until another request has arrived or been answered
  kWaitForCommit,   // sleep until a transaction group is durable
  kWaitForGrace,    // sleep until read sections have ended
  kNotify,          // reverse notification, or any call on the own mount
  kPark,            // leave the request unanswered and go on with another one
};
inline constexpr size_t kActionCount = static_cast<size_t>(Action::kPark) + 1;

using ActionMask = uint32_t;
constexpr ActionMask MaskOf(Action a) { return ActionMask{1} << static_cast<unsigned>(a); }
template <class... A>
constexpr ActionMask Actions(A... a) {
  return (ActionMask{0} | ... | MaskOf(a));
}

std::string_view Name(Action action);
std::string_view Name(SameClass rule);

}  // namespace faultline::lock
