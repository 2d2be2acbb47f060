// SPDX-License-Identifier: GPL-2.0-or-later
#include "lab/model/rules.h"

#include <algorithm>
#include <array>

namespace faultline::lab {
namespace {

constexpr std::array<RuleText, static_cast<size_t>(Rule::kCount)> kRules = {{
    {Rule::kExclusion, "exclusion", "rwsem, spinlock: kernel/locking"},
    {Rule::kWriterFirst, "writer_first", "rwsem_read_trylock() fails while a writer waits"},
    {Rule::kFolioLock, "folio_lock", "folio_lock()"},
    {Rule::kTlbFlush, "tlb_flush", "ptep_clear_flush(), tlb_finish_mmu()"},
    {Rule::kWriteProtect, "write_protect", "folio_clear_dirty_for_io() calls folio_mkclean()"},
    {Rule::kRedirty, "redirty", "do_page_mkwrite() and fault_dirty_shared_page()"},
    {Rule::kWaitWriteback, "wait_writeback", "folio_wait_writeback() in truncate_inode_pages()"},
    {Rule::kSizeCheck, "size_check", "filemap_fault(): index >= i_size is SIGBUS"},
    {Rule::kMappingCheck, "mapping_check", "filemap_fault(): folio->mapping != mapping, retry"},
    {Rule::kRefault, "pte_same", "pte_same() in finish_fault() and wp_page_copy()"},
    {Rule::kReference, "reference", "2020-02, phase 2: a per-VMA refcount, looked up under RCU"},
    {Rule::kGracePeriod, "grace_period", "2020-02: call_srcu(); synchronize_rcu() semantics"},
    {Rule::kSequence, "sequence", "2020-02: validating everything on the second walk"},
    {Rule::kBarrier, "barrier", "2020-09: smp_mb__before_atomic() in page_kill_mappings()"},
    {Rule::kReleaseOrders, "release_orders", "memory-barriers.txt: RELEASE operations"},
    {Rule::kPinnedNotMoved, "pinned_not_moved", "folio_migrate_mapping(): expected references"},
    {Rule::kMask, "mask", "publish, mask, invalidate: the mask"},
    {Rule::kRegrant, "regrant", "publish, mask, invalidate: a page ends its own mask"},
    {Rule::kNowrite, "nowrite", "fuse_set_nowrite(), fuse_release_nowrite()"},
    {Rule::kInvalidate, "invalidate", "publish, mask, invalidate: FUSE_NOTIFY_INVAL_INODE"},
    {Rule::kCopiesAwaited, "copies_awaited",
     "fuse_wait_on_page_writeback() in fuse_do_readpage(), <= 6.15"},
    {Rule::kReclaimGrace, "reclaim_grace", "freed extents are recycled after a grace period"},
    {Rule::kFreezeHolds, "freeze_holds", "freeze_super(): sb_wait_write() keeps the level"},
    {Rule::kFreezeFlush, "freeze_flush", "freeze_super(): sync_filesystem()"},
}};

}  // namespace

std::span<const RuleText> AllRules() { return kRules; }

std::optional<Rule> FindRule(std::string_view name) {
  const auto* found = std::ranges::find(kRules, name, &RuleText::name);
  return found == kRules.end() ? std::nullopt : std::optional(found->rule);
}

}  // namespace faultline::lab
