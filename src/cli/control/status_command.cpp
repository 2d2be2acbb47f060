// SPDX-License-Identifier: GPL-2.0-or-later
#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/control_protocol.h"
#include "cli/control/arguments.h"
#include "cli/control/command.h"
#include "cli/control/mount_client.h"
#include "cli/control/status_table.h"

namespace faultline::control {
namespace {

constexpr std::string_view kHelp =
    R"(Shows what is mounted on MNT: store, mode, space, the state of the last commit, what this kernel
gives, and what is worked around in it. It is answered from memory: never behind a slow disk.

  --json   the same, and more, for programs

Example:
  faultline status /mnt --json | jq .space.free_bytes
)";

Result<std::string> Run(const std::vector<std::string>& words) {
  FL_ASSIGN_OR_RETURN(const MountArguments arguments, ParseMountArguments(words, {"--json"}));
  FL_ASSIGN_OR_RETURN(MountClient client, MountClient::Open(arguments.mount));
  FL_ASSIGN_OR_RETURN(std::string text, client.Ask(kStatus));
  if (arguments.Has("--json")) return text + "\n";
  const nlohmann::json status = nlohmann::json::parse(text, nullptr, false);
  if (!status.is_object()) return Fail(EBADMSG, "{}: the answer is not JSON", arguments.mount);
  return FormatStatus(status);
}

}  // namespace

const Command kStatusCommand = {"status", "MNT [--json]", "what is mounted there, and its state",
                                kHelp, Run};

}  // namespace faultline::control
