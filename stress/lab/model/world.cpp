// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/world.h"

namespace faultline::lab {

std::string_view Name(Violation violation) {
  static constexpr std::array<std::string_view, static_cast<size_t>(Violation::kCount)> kNames = {
      "sound",          "stale_mapping", "stale_data",      "freed_vma",       "freed_page_table",
      "recycled_block", "lost_store",    "pte_overwritten", "sleep_in_atomic", "io_under_lock",
      "freeze_passed",  "deadlock",      "no_progress"};
  return kNames[static_cast<size_t>(violation)];
}

std::string_view Name(Lock lock) {
  static constexpr std::array<std::string_view, static_cast<size_t>(Lock::kCount)> kNames = {
      "mmap_lock",       "range[0]",     "range[1]",     "inode[A]", "inode[B]",
      "invalidate_lock", "i_mmap_rwsem", "private_lock", "ptl",      "sb_write",
      "sb_pagefault",    "sb_internal",  "s_umount",     "rcu",      "srcu"};
  return kNames[static_cast<size_t>(lock)];
}

}  // namespace faultline::lab
