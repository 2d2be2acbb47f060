// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "store/store_impl.h"

namespace faultline::test {

// Stands between a store and its host: every change that RocksDB or the volume makes to a file is
// written down in one order, with its bytes. From that a test can check orders, and can make the
// directory that a crash at any moment would have left behind. Thread-safe.
class RecordedHost {
 public:
  struct Event {
    enum class Kind { kCreate, kWrite, kTruncate, kSync, kRename, kDelete };
    Kind kind;
    std::string file{};   // path below the store
    std::string other{};  // kRename: the new path
    uint64_t offset = 0;
    uint64_t size = 0;  // kTruncate
    std::string data{};
    // Number of events when the call had returned; kNever while it has not.
    size_t returned = kNever;
    // kSync: number of events when it was called.
    size_t called = 0;
  };
  static constexpr size_t kNever = SIZE_MAX;

  // What a power failure leaves of writes that were not synced.
  enum class Unsynced { kAll, kNone, kSome };

  // Takes the store at `root` as what is there at the beginning.
  explicit RecordedHost(std::filesystem::path root);

  // Makes a store that is opened with them use this host.
  void Install(store::StoreSeams& seams);

  // As if nobody ever synced the volume: the fault that order tests must find.
  void DropVolumeSyncs() { drop_volume_syncs_ = true; }

  size_t Now() const;
  std::vector<Event> Events() const;

  // Makes `target` what a crash after the first `count` events leaves behind. Names of files are as
  // they were (a journal keeps them); of the bytes, what was synced is there, of the others a
  // random part: whole sectors in a volume, a prefix elsewhere.
  void WriteImage(const std::filesystem::path& target, size_t count, Unsynced unsynced,
                  uint64_t seed) const;

  // For the wrappers.
  size_t Begin(Event event);
  void Returned(size_t event);
  void End(Event event);
  std::string Relative(const std::string& path) const;
  bool DropsVolumeSyncs() const { return drop_volume_syncs_; }

 private:
  const std::filesystem::path root_;
  const std::filesystem::path meta_;
  std::map<std::string, std::string> initial_;
  std::atomic<bool> drop_volume_syncs_{false};

  mutable std::mutex mu_;
  std::vector<Event> events_;
};

}  // namespace faultline::test
