// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/control_protocol.h"
#include "cli/control/arguments.h"
#include "cli/control/command.h"
#include "cli/control/locks_table.h"
#include "cli/control/mount_client.h"

namespace faultline::control {
namespace {

constexpr std::string_view kHelp =
    R"(Shows who waits for whom in the daemon of MNT: each request that is being served, what it holds (the
kernel's locks of its sender included), what it waits for and who holds that, down to the end of the
chain; how long locks are held; how much of the declared order was seen; violations of it. Answered
from memory, by a thread that takes none of these locks.

  --json   all of it, for programs
  --dot    the order as a graph for dot(1): solid edges were seen, dotted ones not yet, red ones are
           not declared

Holders are known while the lock validator runs (-o lock_validator=report is the default), hold times
with -o lock_statistics.

Examples:
  watch -n 1 faultline locks /mnt
  faultline locks /mnt --dot | dot -Tsvg > locks.svg
)";

Result<std::string> Run(const std::vector<std::string>& words) {
  FL_ASSIGN_OR_RETURN(const MountArguments arguments,
                      ParseMountArguments(words, {"--json", "--dot"}));
  if (arguments.options.size() > 1) return Fail(EINVAL, "either --json or --dot");
  FL_ASSIGN_OR_RETURN(MountClient client, MountClient::Open(arguments.mount));
  FL_ASSIGN_OR_RETURN(std::string text, client.Ask(kLocks));
  if (arguments.Has("--json")) return text + "\n";
  const nlohmann::json locks = nlohmann::json::parse(text, nullptr, false);
  if (!locks.is_object()) return Fail(EBADMSG, "{}: the answer is not JSON", arguments.mount);
  return arguments.Has("--dot") ? FormatLockGraph(locks) : FormatLocks(locks);
}

}  // namespace

const Command kLocksCommand = {"locks", "MNT [--json|--dot]",
                               "who waits for whom, and the order of locks", kHelp, Run};

}  // namespace faultline::control
