// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace faultline::lab {

// What the model takes for granted about hardware, kernel and daemon. Each rule is obeyed in
// exactly one place. A test breaks each of them in turn and demands that the matrix notices:
// a rule that can be broken unnoticed would be a rule that no verdict rests on.
enum class Rule : uint8_t {
  kExclusion,       // an exclusive holder keeps everybody else out
  kWriterFirst,     // a queued writer stops new readers (rwsem, percpu_rwsem)
  kFolioLock,       // a locked folio has one owner
  kTlbFlush,        // unmapping flushes the TLB of every CPU
  kWriteProtect,    // writeback write-protects the PTEs before it clears dirty
  kRedirty,         // page_mkwrite dirties the folio
  kWaitWriteback,   // a page-killer waits for writeback of the folio
  kSizeCheck,       // a fault checks i_size
  kMappingCheck,    // after locking a folio a fault checks that it is still in the cache
  kRefault,         // a PTE that changed meanwhile is not overwritten (pte_same)
  kReference,       // a counted VMA is not freed
  kGracePeriod,     // what was retired is freed after the readers that may know it
  kSequence,        // changing a mapping makes its sequence odd, later different
  kBarrier,         // smp_mb() drains the store buffer
  kReleaseOrders,   // releasing a lock drains the store buffer
  kPinnedNotMoved,  // migration leaves pinned folios alone
  kMask,            // the daemon drops writeback of a masked page
  kRegrant,         // a READ sampled after publish ends the mask of its page
  kNowrite,         // SETATTR(size) waits for WB-WRITE in flight and holds back new ones
  kInvalidate,      // the daemon invalidates the kernel's pages after publish
  kCopiesAwaited,   // up to 6.15 a READ of the page cache waits for writeback copies
  kReclaimGrace,    // freed blocks are handed out after the READs that looked them up
  kFreezeHolds,     // a freeze level stays closed until thaw
  kFreezeFlush,     // freeze writes what is dirty
  kCount,
};

struct RuleText {
  Rule rule;
  std::string_view name;
  std::string_view source;
};

std::span<const RuleText> AllRules();
std::optional<Rule> FindRule(std::string_view name);

class Rules {
 public:
  Rules() = default;
  static Rules Without(Rule rule) { return Rules(1u << static_cast<int>(rule)); }
  bool Hold(Rule rule) const { return !(broken_ >> static_cast<int>(rule) & 1); }

 private:
  explicit Rules(uint32_t broken) : broken_(broken) {}
  uint32_t broken_ = 0;
};

}  // namespace faultline::lab
