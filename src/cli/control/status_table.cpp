// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/control/status_table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace faultline::control {
namespace {

using Json = nlohmann::json;

// A value by its path; strings without quotation marks.
std::string Text(const Json& status, const char* pointer) {
  const Json::json_pointer path(pointer);
  if (!status.contains(path)) return "?";
  const Json& value = status.at(path);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

double Number(const Json& status, const char* pointer) {
  return status.value(Json::json_pointer(pointer), 0.0);
}

std::string Bytes(const Json& status, const char* pointer) {
  return FormatBytes(Number(status, pointer));
}

std::string Duration(const Json& status, const char* pointer) {
  return FormatDuration(Number(status, pointer));
}

class Table {
 public:
  void Row(std::string_view name, const std::string& value) {
    text_ += fmt::format("{:<13} {}\n", name, value);
  }
  // Values separated by spaces, broken at the width of a terminal.
  void List(std::string_view name, const std::vector<std::string>& words) {
    constexpr size_t kWidth = 80;
    std::string line;
    for (const std::string& word : words) {
      if (!line.empty() && line.size() + word.size() > kWidth) {
        Row(name, line);
        name = "";
        line.clear();
      }
      line += line.empty() ? word : " " + word;
    }
    Row(name, line);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string Mode(const Json& status) {
  const bool read_only = status.value(Json::json_pointer("/mount/read_only"), false);
  return fmt::format("{}, write_cache={}", read_only ? "read-only" : "read-write",
                     Text(status, "/mount/write_cache"));
}

std::string Store(const Json& status) {
  const std::string label = Text(status, "/store/label");
  return fmt::format("{} (uuid {}{})", Text(status, "/store/path"), Text(status, "/store/uuid"),
                     label.empty() ? "" : ", label " + label);
}

std::string Space(const Json& status) {
  return fmt::format("{} free of {}, {} waiting to be reused, {} in reserve",
                     Bytes(status, "/space/free_bytes"), Bytes(status, "/space/total_bytes"),
                     Bytes(status, "/space/pending_bytes"), Bytes(status, "/space/reserve_bytes"));
}

std::string Commit(const Json& status) {
  const std::string error = Text(status, "/commit/error");
  if (!error.empty() && error != "?") return "FAILED, the store is read-only: " + error;
  return fmt::format("group {} open, {} durable, {} pending; every {}, the last took {}",
                     Text(status, "/commit/open_group"), Text(status, "/commit/durable_group"),
                     Bytes(status, "/commit/pending_bytes"),
                     Duration(status, "/commit/interval_seconds"),
                     Duration(status, "/commit/last_seconds"));
}

std::string Kernel(const Json& status) {
  return fmt::format("{}, FUSE {}; write {}, readahead {}, background {}",
                     Text(status, "/kernel/release"), Text(status, "/kernel/protocol"),
                     Bytes(status, "/kernel/max_write"), Bytes(status, "/kernel/max_readahead"),
                     Text(status, "/kernel/max_background"));
}

std::string Workers(const Json& status) {
  return fmt::format("{} of {} busy, at most {}; {} requests", Text(status, "/workers/busy"),
                     Text(status, "/workers/threads"), Text(status, "/workers/most_busy"),
                     Text(status, "/workers/requests"));
}

std::string Notifier(const Json& status) {
  return fmt::format("{} invalidations, {} queued, {} failed",
                     Text(status, "/notifier/invalidations"), Text(status, "/notifier/queued"),
                     Text(status, "/notifier/failed"));
}

std::string Validator(const Json& status) {
  return fmt::format("{}, {} violations", Text(status, "/lock_validator/mode"),
                     Text(status, "/lock_validator/violations"));
}

void AddWorkarounds(const Json& status, std::string_view state, std::string_view title,
                    Table& table) {
  for (const Json& item : status.value("workarounds", Json::array())) {
    if (item.value("state", "") != state) continue;
    table.Row(title, fmt::format("{}: {}", item.value("name", "?"), item.value("why", "?")));
    title = "";
  }
}

}  // namespace

std::string FormatStatus(const Json& status) {
  Table table;
  table.Row("mount", Text(status, "/mount/point"));
  table.Row("store", Store(status));
  table.Row("mode", Mode(status));
  table.Row("options", Text(status, "/mount/options"));
  table.Row("space", Space(status));
  table.Row("commit", Commit(status));
  table.Row("workers", Workers(status));
  table.Row("notifier", Notifier(status));
  table.Row("locks", Validator(status));
  table.Row("daemon", fmt::format("faultline {}, pid {}, up {}", Text(status, "/version"),
                                  Text(status, "/pid"), Duration(status, "/uptime_seconds")));
  table.Row("kernel", Kernel(status));
  table.List("in use",
             status.value(Json::json_pointer("/kernel/taken"), std::vector<std::string>{}));
  table.List("not used",
             status.value(Json::json_pointer("/kernel/not_taken"), std::vector<std::string>{}));
  AddWorkarounds(status, "active", "worked around", table);
  AddWorkarounds(status, "missing", "UNSAFE", table);
  return table.Take();
}

std::string FormatBytes(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1024;
  const bool whole = bytes == static_cast<double>(static_cast<uint64_t>(bytes));
  return fmt::format("{:.{}f} {}", bytes, whole ? 0 : 1, kUnits[unit]);
}

std::string FormatDuration(double seconds) {
  const auto whole = static_cast<uint64_t>(seconds);
  if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1000);
  if (whole < 60) return fmt::format("{:.3g} s", seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} d {} h", whole / 86400, whole % 86400 / 3600);
}

}  // namespace faultline::control
