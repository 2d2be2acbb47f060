// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>

#include "base/log.h"
#include "base/version.h"
#include "store/format.h"

// mkfs.faultline [-f] [--size SIZE] [--label LABEL] STORE
namespace {

namespace po = boost::program_options;
using faultline::store::FormatOptions;

enum ExitCode { kDone = 0, kFailed = 1, kUsage = 2 };

constexpr const char* kSynopsis =
    "Usage: mkfs.faultline [-f] [--size SIZE] [--label LABEL] STORE\n"
    "\n"
    "Makes the directory STORE a store, to be mounted with mount.faultline.\n"
    "\n";

po::options_description Options() {
  po::options_description options("Options");
  options.add_options()("force,f", "replace the store that is there; its files are lost");
  options.add_options()("size", po::value<std::string>()->value_name("SIZE"),
                        "how much data it may hold, e.g. 64G (K, M, G, T); default: what the host "
                        "has free");
  options.add_options()("label", po::value<std::string>()->value_name("LABEL"),
                        "a name for people, at most 64 bytes");
  options.add_options()("quiet,q", "say nothing unless it fails");
  options.add_options()("help,h", "show this");
  options.add_options()("version", "show the version");
  return options;
}

int Complain(int code, const std::string& what) {
  fmt::print(stderr, "mkfs.faultline: {}\n", what);
  return code;
}

std::string UuidText(const faultline::store::Superblock& super) {
  std::string text;
  for (size_t i = 0; i < super.uuid.size(); ++i)
    text +=
        fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", super.uuid[i]);
  return text;
}

int Make(const po::variables_map& arguments) {
  FormatOptions options;
  options.force = arguments.count("force") != 0;
  if (arguments.count("label") != 0) options.label = arguments["label"].as<std::string>();
  if (arguments.count("size") != 0) {
    auto size = faultline::store::ParseSize(arguments["size"].as<std::string>());
    if (!size) return Complain(kUsage, "--size: " + size.error().message());
    if (*size == 0) return Complain(kUsage, "--size: 0 is not a size");
    options.size = *size;
  }
  const auto path = arguments["store"].as<std::string>();
  auto super = faultline::store::Format(path, options);
  if (!super) return Complain(kFailed, super.error().ToString());
  if (arguments.count("quiet") == 0)
    fmt::print("{}: {}, uuid {}{}\n", path,
               faultline::store::SizeText(super->volume_blocks * faultline::kBlockSize),
               UuidText(*super), super->label.empty() ? "" : ", label " + super->label);
  return kDone;
}

int Run(int argc, char** argv) {
  po::options_description all = Options();
  po::options_description hidden;
  hidden.add_options()("store", po::value<std::string>());
  po::options_description both;
  both.add(all).add(hidden);
  po::positional_options_description positional;
  positional.add("store", 1);

  po::variables_map arguments;
  po::store(po::command_line_parser(argc, argv).options(both).positional(positional).run(),
            arguments);
  if (arguments.count("help") != 0) {
    std::ostringstream text;
    text << kSynopsis << all;
    fmt::print("{}", text.str());
    return kDone;
  }
  if (arguments.count("version") != 0) {
    fmt::print("mkfs.faultline {}, store format {}\n", faultline::kVersion,
               faultline::store::kFormatVersion);
    return kDone;
  }
  if (arguments.count("store") == 0) return Complain(kUsage, "no STORE given; see --help");
  return Make(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  faultline::log::Options log;
  log.level = faultline::log::Level::kError;
  log.ident = "mkfs.faultline";
  (void)faultline::log::Configure(log);
  try {
    return Run(argc, argv);
  } catch (const po::error& error) {
    return Complain(kUsage, error.what());
  } catch (const std::exception& error) {
    return Complain(kFailed, error.what());
  }
}
