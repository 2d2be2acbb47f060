// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <sys/prctl.h>

#include <boost/program_options.hpp>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "base/log.h"
#include "base/test_point.h"
#include "base/version.h"
#include "fuse/daemonize.h"
#include "fuse/mounted_store.h"
#include "fuse/signals.h"

namespace faultline {
namespace {

namespace po = boost::program_options;

// Exit codes of mount(8).
constexpr int kUsage = 1;
constexpr int kSystemError = 2;
constexpr int kMountFailure = 32;

constexpr std::string_view kHelp =
    R"(Usage: mount.faultline STORE MNT [-o OPTIONS] [-f] [--log FILE]

Mounts the store that mkfs.faultline made in directory STORE on directory MNT, and serves it in the
background until it is unmounted. Also used by 'mount -t faultline STORE MNT'.

Options of -o, separated by commas:
  write_cache=through    write(2) reaches the daemon before it returns (default)
  write_cache=writeback  the kernel collects writes
  commit=SECONDS         unsynced changes are durable after at most so long (0.01 to 300, default 5)
  readahead=KIB          what the kernel reads ahead (0 to 65536, default 2048; root only)
  ro, rw, noatime, nosuid, nodev, noexec, sync, dirsync, allow_other, context=... and the words
                         that mount(8) and fstab know, as nofail, _netdev, user, x-...
  lock_validator=off|report|abort
                         checks every lock taken against the declared order (default report: a
                         violation is logged; off: 'faultline locks' knows no holders)
  page_killer=naive      (test builds) no protocol against stale pages, as a plain FUSE server
  lock_statistics        measures how long locks are held, for 'faultline locks'
  hang_timeout=SECONDS   a request that takes longer is logged, with all that it waits for
                         (0 to 86400, default 120; 0: never)
  on_hang=report|abort   abort: the mount is then ended; its users get errors instead of hanging

)";

struct Arguments {
  fuse::MountRequest request;
  bool foreground = false;
  bool verbose = false;
  std::string log_file;
};

po::options_description Options() {
  po::options_description options("Options");
  auto add = options.add_options();
  add("options,o", po::value<std::vector<std::string>>(), "mount options");
  add("foreground,f", "do not go into the background; log to stderr");
  add("log", po::value<std::string>(), "log to this file (otherwise syslog)");
  add("read-only,r", "as -o ro");
  add("read-write,w", "as -o rw");
  add("sloppy,s", "let unknown mount options pass");
  add("verbose,v", "log more");
  add("no-mtab,n", "ignored (mount(8) passes it)");
  add("type,t", po::value<std::string>(), "ignored (mount(8) passes it)");
  add("help,h", "show this help");
  add("version,V", "show the version");
  return options;
}

Result<po::variables_map> ParseCommandLine(int argc, char** argv) {
  po::options_description all = Options();
  all.add_options()("path", po::value<std::vector<std::string>>());
  po::positional_options_description paths;
  paths.add("path", -1);
  po::variables_map values;
  try {
    po::store(po::command_line_parser(argc, argv).options(all).positional(paths).run(), values);
  } catch (const po::error& error) {
    return Fail(EINVAL, "{}", error.what());
  }
  return values;
}

// The daemon leaves the working directory.
Result<std::string> Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::canonical(path, error);
  if (!error) return absolute.string();
  // Of a mount whose daemon died nothing can be looked up; the mount table has it as it was given.
  if (error.value() == ENOTCONN) return std::filesystem::absolute(path).lexically_normal().string();
  return Fail(error.value(), "{}", path);
}

Result<Arguments> Interpret(const po::variables_map& values) {
  Arguments arguments;
  std::vector<std::string> paths;
  if (values.count("path") != 0) paths = values["path"].as<std::vector<std::string>>();
  if (paths.size() != 2)
    return Fail(EINVAL, "expected STORE and MNT, got {} arguments; see --help", paths.size());
  fuse::MountOptions& options = arguments.request.options;
  if (values.count("options") != 0)
    for (const std::string& list : values["options"].as<std::vector<std::string>>())
      FL_TRY(fuse::ParseMountOptions(list, values.count("sloppy") != 0, options));
  if (values.count("read-only") != 0) options.read_only = true;
  if (values.count("read-write") != 0) options.read_only = false;
  arguments.foreground = values.count("foreground") != 0;
  arguments.verbose = values.count("verbose") != 0;
  if (values.count("log") != 0)
    arguments.log_file = std::filesystem::absolute(values["log"].as<std::string>()).string();
  FL_ASSIGN_OR_RETURN(arguments.request.store, Absolute(paths[0]));
  FL_ASSIGN_OR_RETURN(arguments.request.mount_point, Absolute(paths[1]));
  return arguments;
}

Result<> ConfigureLog(const Arguments& arguments) {
  log::Options options;
  options.ident = "mount.faultline";
  if (arguments.verbose) options.level = log::Level::kDebug;
  options.file = arguments.log_file;
  if (!arguments.log_file.empty())
    options.sink = log::Sink::kFile;
  else if (!arguments.foreground)
    options.sink = log::Sink::kSyslog;
  return log::Configure(options);
}

Result<> ConfigureChecks(const fuse::MountOptions& options) {
  if (options.lock_validator)
    lock::SetValidatorMode(*options.lock_validator);
  else if (lock::GetValidatorMode() == lock::ValidatorMode::kOff)
    lock::SetValidatorMode(lock::ValidatorMode::kReport);
  lock::EnableLockStatistics(options.lock_statistics);
  return test_point::ArmFromText(options.test_points);
}

// Serves until the mount is gone. Everything that can fail before that is reported to whoever
// mounts.
int Run(const Arguments& arguments, fuse::Daemon& daemon) {
  auto fail = [&daemon](int status, const Error& error) {
    daemon.ReportFailure(status, error.ToString());
    return status;
  };
  // Page-out may wait for us: our own allocations must not wait for page-out. (Root only.)
  prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
  Result<fuse::TerminationSignals> signals = fuse::TerminationSignals::Block();
  if (!signals) return fail(kSystemError, signals.error());
  if (Result<> done = ConfigureLog(arguments); !done) return fail(kUsage, done.error());
  if (Result<> done = ConfigureChecks(arguments.request.options); !done)
    return fail(kUsage, done.error());

  auto mounted = fuse::MountedStore::Mount(arguments.request);
  if (!mounted) return fail(kMountFailure, mounted.error());
  if (!daemon.ReportReady()) (*mounted)->Unmount();
  while (signals->WaitForSignalOr((*mounted)->EndFd())) (*mounted)->Unmount();
  if (Result<> closed = (*mounted)->Close(); !closed) {
    LogError("closing {}: {}", arguments.request.store, closed.error().ToString());
    return kSystemError;
  }
  LogInfo("{} is unmounted, everything is durable", arguments.request.store);
  return 0;
}

int Complain(int status, const Error& error) {
  const std::string text =
      error.message().empty() || error.code() != EINVAL ? error.ToString() : error.message();
  fmt::print(stderr, "mount.faultline: {}\n", text);
  return status;
}

int Main(int argc, char** argv) {
  Result<po::variables_map> values = ParseCommandLine(argc, argv);
  if (!values) return Complain(kUsage, values.error());
  if (values->count("help") != 0) {
    std::cout << kHelp << Options();
    return 0;
  }
  if (values->count("version") != 0) {
    fmt::print("mount.faultline {}\n", kVersion);
    return 0;
  }
  Result<Arguments> arguments = Interpret(*values);
  if (!arguments)
    return Complain(arguments.error().code() == EINVAL ? kUsage : kMountFailure, arguments.error());
  if (arguments->foreground) {
    fuse::Daemon daemon = fuse::Daemon::Foreground();
    return Run(*arguments, daemon);
  }
  Result<fuse::Daemon> daemon = fuse::Daemon::Fork();
  if (!daemon) return Complain(kSystemError, daemon.error());
  return Run(*arguments, *daemon);
}

}  // namespace
}  // namespace faultline

int main(int argc, char** argv) { return faultline::Main(argc, argv); }
