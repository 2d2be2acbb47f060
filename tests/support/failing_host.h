// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <atomic>

#include "store/store_impl.h"

namespace faultline::test {

// A host whose disk fails on demand. Outlives the store that is opened on it. Thread-safe.
class FailingHost {
 public:
  void Install(store::StoreSeams& seams);

  void FailVolumeSyncs(bool fail) { fail_volume_syncs_ = fail; }
  void FailLogSyncs(bool fail) { fail_log_syncs_ = fail; }
  bool VolumeSyncsFail() const { return fail_volume_syncs_; }
  bool LogSyncsFail() const { return fail_log_syncs_; }

 private:
  std::atomic<bool> fail_volume_syncs_{false};
  std::atomic<bool> fail_log_syncs_{false};
};

}  // namespace faultline::test
