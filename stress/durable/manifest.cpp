// SPDX-License-Identifier: GPL-2.0-or-later
#include "durable/manifest.h"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/crc32c.h"
#include "io/file.h"

namespace faultline::stress {
namespace {

using Json = nlohmann::json;
constexpr int kFormat = 1;

uint32_t ChecksumOf(const std::string& text) { return Crc32c(std::as_bytes(std::span(text))); }

Json ToJson(const Manifest& manifest) {
  Json files = Json::array();
  for (const KeptFile& file : manifest.files)
    files.push_back(
        {{"name", file.name}, {"id", file.id}, {"epoch", file.epoch}, {"cells", file.cells}});
  return {{"format", kFormat}, {"run", manifest.run}, {"seed", manifest.seed}, {"files", files}};
}

Manifest FromJson(const Json& json) {
  Manifest manifest{.run = json.at("run"), .seed = json.at("seed"), .files = {}};
  for (const Json& file : json.at("files")) {
    manifest.files.push_back({file.at("name"), file.at("id"), file.at("epoch"),
                              file.at("cells").get<std::vector<CellValue>>()});
  }
  return manifest;
}

}  // namespace

std::string KeptDirectory(const Settings& settings) {
  return settings.directory + "/faultline-stress.kept";
}

std::string ManifestPath(const Settings& settings) {
  return settings.manifest.empty() ? KeptDirectory(settings) + "/manifest.json" : settings.manifest;
}

Result<> SaveDurably(const std::string& text, const std::string& path) {
  FL_ASSIGN_OR_RETURN(UniqueFd file, OpenFile(path, O_RDWR | O_CREAT | O_TRUNC));
  FL_TRY(WriteAt(file.get(), std::as_bytes(std::span(text)), 0));
  FL_TRY(Fsync(file.get()));
  std::string parent = std::filesystem::absolute(path).parent_path();
  FL_ASSIGN_OR_RETURN(UniqueFd directory, OpenFile(parent, O_RDONLY | O_DIRECTORY));
  return Fsync(directory.get());
}

Result<> SaveManifest(const Manifest& manifest, const std::string& path) {
  std::string body = ToJson(manifest).dump();
  return SaveDurably(Json{{"checksum", ChecksumOf(body)}, {"body", body}}.dump(), path);
}

Result<Manifest> LoadManifest(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Fail(errno, "{}", path);
  std::stringstream text;
  text << file.rdbuf();
  Json outer = Json::parse(text.str(), nullptr, false);
  if (outer.is_discarded() || !outer.contains("body") || !outer["body"].is_string() ||
      outer.value("checksum", uint32_t{0}) != ChecksumOf(outer["body"]))
    return Fail(EIO, "{}: not an intact manifest", path);
  Json body = Json::parse(outer["body"].get<std::string>(), nullptr, false);
  if (body.is_discarded() || body.value("format", 0) != kFormat)
    return Fail(EIO, "{}: a manifest of another format", path);
  return FromJson(body);
}

}  // namespace faultline::stress
