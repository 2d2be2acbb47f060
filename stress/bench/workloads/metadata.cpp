// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>

#include "bench/io.h"
#include "bench/workload.h"

namespace faultline::bench {
namespace {

std::string Name(const Context& context, uint64_t i, const char* prefix = "f") {
  return (context.directory / fmt::format("{}{:06}", prefix, i)).string();
}

Result<> ForFiles(const Context& context, const std::function<Result<>(uint64_t)>& visit) {
  for (uint64_t i = 0; i < context.scale.files; ++i) FL_TRY(visit(i));
  return {};
}

Result<> Create(const Context& context) {
  return ForFiles(context, [&](uint64_t i) -> Result<> {
    FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(Name(context, i), O_WRONLY | O_CREAT | O_EXCL));
    return {};
  });
}

Result<> CreateWithData(const Context& context) {
  return ForFiles(context, [&](uint64_t i) -> Result<> {
    FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(Name(context, i), O_WRONLY | O_CREAT | O_EXCL));
    return WriteFile(fd.get(), 1024, 1024);
  });
}

Result<> Stat(const Context& context) {
  return ForFiles(context, [&](uint64_t i) -> Result<> {
    struct stat st;
    return Check(stat(Name(context, i).c_str(), &st), "stat");
  });
}

Result<> ReadDirectory(const Context& context) {
  DIR* dir = opendir(context.directory.c_str());
  if (dir == nullptr) return Fail(errno, "opendir");
  uint64_t seen = 0;
  while (readdir(dir) != nullptr) ++seen;
  closedir(dir);
  if (seen < context.scale.files)
    return Fail(EIO, "readdir found {} of {} files", seen, context.scale.files);
  return {};
}

Result<> OpenAndRead(const Context& context) {
  return ForFiles(context, [&](uint64_t i) -> Result<> {
    FL_ASSIGN_OR_RETURN(UniqueFd fd, Open(Name(context, i), O_RDONLY));
    char buffer[1024];
    return Check(read(fd.get(), buffer, sizeof(buffer)), "read");
  });
}

Result<> Rename(const Context& context) {
  return ForFiles(context, [&](uint64_t i) -> Result<> {
    return Check(rename(Name(context, i).c_str(), Name(context, i, "g").c_str()), "rename");
  });
}

Result<> Unlink(const Context& context) {
  return ForFiles(context, [&](uint64_t i) -> Result<> {
    return Check(unlink(Name(context, i).c_str()), "unlink");
  });
}

double Files(const Context& context) { return static_cast<double>(context.scale.files); }

const std::array kWorkloads{
    Workload{"create", "create empty files in one directory", "ops", false, {}, Create, Files},
    Workload{"create-1k", "create files of 1 KiB", "ops", false, {}, CreateWithData, Files},
    Workload{"stat-cold", "stat each, nothing cached", "ops", true, Create, Stat, Files},
    Workload{"readdir-cold", "list the directory, nothing cached", "ops", true, Create,
             ReadDirectory, Files},
    Workload{"open-read-cold", "open and read files of 1 KiB, nothing cached", "ops", true,
             CreateWithData, OpenAndRead, Files},
    Workload{"rename", "rename each within the directory", "ops", false, Create, Rename, Files},
    Workload{"unlink", "unlink each", "ops", false, Create, Unlink, Files},
};

}  // namespace

std::span<const Workload> MetadataWorkloads() { return kWorkloads; }

}  // namespace faultline::bench
